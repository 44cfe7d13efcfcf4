package io.github.contextvars;

import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests that a thread is back where it was when stack or memory were exhausted.
 */
class ExhaustionTests {

	// With those of the other JVMs 2,000.
	private static final int DEPTHS = 700;

	private static final ContextVar<String> VAR = ContextVar.of("var", "none");

	@Nested
	class Stack {

		@Test
		void runWhenStackIsExhaustedLeavesEveryContext() throws Exception {
			for (int padding = 0; padding < DEPTHS; padding++) {
				assertThat(StackExhaustion.probe(padding, false)).isPositive();
			}
		}

		@Test
		void enterWhenStackIsExhaustedLeavesEveryContextOnceAnOuterOneIsLeft() throws Exception {
			Logger logger = Logger.getLogger("io.github.contextvars");
			Level level = logger.getLevel();
			logger.setLevel(Level.OFF);
			try {
				for (int padding = 0; padding < DEPTHS; padding++) {
					assertThat(StackExhaustion.probe(padding, true)).isPositive();
				}
			}
			finally {
				logger.setLevel(level);
			}
		}

		@Test
		void closeWhenStackIsExhaustedHealsOnceThereIsStackAgain() throws Exception {
			assertThat(TestJvm.run(HealingExhaustion.class, new String[] { "-Xint" }, "300")).contains("overflows: ")
				.doesNotContain("overflows: 0\n");
		}

		@Test
		void canaryThatLeavesByAMethodCallStaysInAContext(@TempDir Path directory) throws Exception {
			CoreBug.LEAVING_CALLS_A_METHOD.plant().writeTo(directory);

			assertThat(TestJvm.runBehind(directory, StackExhaustion.class, new String[] { "-Xint" }, "300"))
				.contains("the thread is not back");
		}

		@Test
		void runWhenStackIsExhaustedInInterpretedCodeLeavesEveryContext() throws Exception {
			assertThat(TestJvm.run(StackExhaustion.class, new String[] { "-Xint" }, "300")).contains("overflows: ");
		}

		@Test
		void runWhenStackIsExhaustedInCompiledCodeLeavesEveryContext() throws Exception {
			assertThat(TestJvm.run(StackExhaustion.class,
					new String[] { "-Xcomp", "-XX:CompileCommand=quiet",
							"-XX:CompileCommand=compileonly,io.github.contextvars.*::*" },
					"300"))
				.contains("overflows: ");
		}

	}

	@Nested
	class Memory {

		@Test
		void runWhenBodyRunsOutOfMemoryRestoresOuterContext() {
			Context outer = new Context();
			Context inner = new Context();

			outer.run(() -> {
				VAR.set("outer");
				assertThat(catchThrowable(() -> inner.run(() -> {
					VAR.set("inner");
					assertThat(new long[Integer.MAX_VALUE]).isEmpty();
				}))).isInstanceOf(OutOfMemoryError.class);
				assertThat(VAR.get()).isEqualTo("outer");
			});

			assertThat(VAR.get()).isEqualTo("none");
			assertThatCode(() -> inner.run(() -> assertThat(VAR.get()).isEqualTo("inner"))).doesNotThrowAnyException();
		}

		@Test
		void setRunAndEnterWhenMemoryIsExhaustedChangeNothing() throws Exception {
			assertThat(TestJvm.run(MemoryExhaustion.class,
					new String[] { "-Xmx12m", "-XX:+UseSerialGC", "-XX:-UseTLAB" }, "150"))
				.containsPattern("shortages: [1-9]");
		}

		@Test
		void enterWhenBodyRunsOutOfMemoryRestoresOuterContext() {
			Context context = new Context();

			assertThat(catchThrowable(() -> {
				try (Context.Scope scope = context.enter()) {
					VAR.set("inner");
					throw new OutOfMemoryError("thrown by the test");
				}
			})).isInstanceOf(OutOfMemoryError.class).hasNoSuppressedExceptions();

			assertThat(VAR.get()).isEqualTo("none");
			assertThatCode(() -> context.enter().close()).doesNotThrowAnyException();
		}

	}

}

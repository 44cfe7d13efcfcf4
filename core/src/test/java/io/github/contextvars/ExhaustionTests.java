package io.github.contextvars;

import java.util.logging.Level;
import java.util.logging.Logger;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests that a thread is back where it was when stack or memory were exhausted.
 */
class ExhaustionTests {

	private static final int DEPTHS = 600;

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
		void runWhenStackIsExhaustedInInterpretedCodeLeavesEveryContext() throws Exception {
			assertThat(TestJvm.run(StackExhaustion.class, new String[] { "-Xint" }, "200")).contains("overflows: ");
		}

		@Test
		void runWhenStackIsExhaustedInCompiledCodeLeavesEveryContext() throws Exception {
			assertThat(TestJvm.run(StackExhaustion.class,
					new String[] { "-Xcomp", "-XX:CompileCommand=quiet",
							"-XX:CompileCommand=compileonly,io.github.contextvars.*::*" },
					"200"))
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

package io.github.contextvars;

import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import io.github.contextvars.testsupport.SeededFault;
import io.github.contextvars.testsupport.TestJvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests that a thread is in the outer context again after stack or memory were exhausted.
 */
class ExhaustionTests {

	private static final ContextVar<String> VAR = ContextVar.of("var", "none");

	@TempDir
	private Path directory;

	private String outputOf(SeededFault fault, Class<?> main, String times, String... options) throws Exception {
		fault.writeTo(this.directory);
		return TestJvm.runBehind(this.directory, main, options, times);
	}

	@Nested
	class Stack {

		@Test
		void runWhenStackIsExhaustedLeavesEveryContext() throws Exception {
			exhaust(40, false);
		}

		@Test
		void enterWhenStackIsExhaustedLeavesEveryContextOnceAnOuterOneIsLeft() throws Exception {
			exhaust(40, true);
		}

		@Test
		@Tag("stress")
		void runWhenStackIsExhaustedAtManyDepthsLeavesEveryContext() throws Exception {
			exhaust(700, false);
		}

		@Test
		@Tag("stress")
		void enterWhenStackIsExhaustedAtManyDepthsLeavesEveryContextOnceAnOuterOneIsLeft() throws Exception {
			exhaust(700, true);
		}

		private void exhaust(int depths, boolean scopes) throws Exception {
			Logger logger = Logger.getLogger("io.github.contextvars");
			Level level = logger.getLevel();
			logger.setLevel(Level.OFF);
			try {
				for (int padding = 0; padding < depths; padding++) {
					assertThat(StackExhaustion.probe(padding, scopes)).isPositive();
				}
			}
			finally {
				logger.setLevel(level);
			}
		}

		@Test
		@Tag("stress")
		void closeWhenStackIsExhaustedHealsOnceThereIsStackAgain() throws Exception {
			assertThat(outputOf(SeededFault.NONE, HealingExhaustion.class, "300", "-Xint"))
				.containsPattern("overflows: [1-9]");
		}

		@ParameterizedTest
		@Tag("stress")
		@EnumSource(names = { "INNER_SCOPES_ARE_NOT_HEALED", "HEALING_DROPS_WHAT_IT_HAS_TO_HEAL",
				"OUTER_CONTEXT_HEALS_ITS_OWN_ONLY" })
		void closeWhenHealingHasAFaultLeavesContextsEntered(CoreFault fault) throws Exception {
			assertThat(outputOf(fault.seed(), HealingExhaustion.class, "300", "-Xint"))
				.contains("Context is already entered");
		}

		@Test
		@Tag("stress")
		void runWhenLeavingCallsAMethodStaysInAContext() throws Exception {
			assertThat(outputOf(CoreFault.LEAVING_CALLS_A_METHOD.seed(), StackExhaustion.class, "300", "-Xint"))
				.contains("the thread is not back");
		}

		@Test
		@Tag("stress")
		void runWhenStackIsExhaustedInInterpretedCodeLeavesEveryContext() throws Exception {
			assertThat(outputOf(SeededFault.NONE, StackExhaustion.class, "300", "-Xint")).contains("overflows: ");
		}

		@Test
		@Tag("stress")
		void runWhenStackIsExhaustedInCompiledCodeLeavesEveryContext() throws Exception {
			assertThat(outputOf(SeededFault.NONE, StackExhaustion.class, "300", "-Xcomp", "-XX:CompileCommand=quiet",
					"-XX:CompileCommand=compileonly,io.github.contextvars.*::*"))
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
		@Tag("stress")
		void setRunAndEnterWhenMemoryIsExhaustedChangeNothing() throws Exception {
			assertThat(withLittleMemory(SeededFault.NONE)).containsPattern("shortages: [1-9]\\d");
		}

		@ParameterizedTest
		@Tag("stress")
		@CsvSource({ "ERRORS_STAY_IN_THE_CONTEXT, already entered|not back",
				"CONTEXT_IS_CURRENT_BEFORE_ITS_SCOPE_IS_MADE, already entered|not back",
				"VALUE_IS_SET_BEFORE_ITS_TOKEN_IS_MADE, another value",
				"HEALING_DROPS_WHAT_IT_HAS_TO_HEAL, already entered" })
		void setRunAndEnterWhenMemoryIsExhaustedAndFaultIsSeededChangeSomething(CoreFault fault, String failure)
				throws Exception {
			assertThat(withLittleMemory(fault.seed())).containsPattern(failure);
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

		private String withLittleMemory(SeededFault fault) throws Exception {
			return outputOf(fault, MemoryExhaustion.class, "60", "-Xmx12m", "-XX:+UseSerialGC", "-XX:-UseTLAB",
					"-XX:MarkSweepAlwaysCompactCount=1");
		}

	}

}

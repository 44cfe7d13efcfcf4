package io.github.contextvars.test;

import java.time.DayOfWeek;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests in contexts, by JUnit alone.
 */
class WithContextTests {

	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	static final ContextVar<Integer> NUMBER = ContextVar.of("number");

	static final ContextVar<DayOfWeek> DAY = ContextVar.of("day");

	@Test
	void withoutAnnotationThereIsNoContext() {
		ContextAssertions.assertThatThreadIsInNoContext();
	}

	@Test
	void testThatLeavesContextsFails() {
		assertThat(failuresOf(Leaking.class)).singleElement()
			.satisfies((failure) -> assertThat(failure).isInstanceOf(AssertionError.class)
				.hasMessageContainingAll("The test has left 2 contexts entered", "the variables [number, tenant]",
						"-Dcontextvars.trace=true"));
		ContextAssertions.assertThatThreadIsInNoContext();
	}

	@Test
	void failureOfTheTestStays() {
		assertThat(failuresOf(FailingAndLeaking.class)).singleElement()
			.satisfies((failure) -> assertThat(failure).hasMessage("The test fails.")
				.satisfies((suppressing) -> assertThat(suppressing.getSuppressed()).singleElement()
					.satisfies((leak) -> assertThat(leak).hasMessageContaining("left a context entered"))));
	}

	@Test
	void unknownVariableIsNamedWithThoseThatAreKnown() {
		assertThat(failuresOf(Unknown.class)).singleElement()
			.satisfies((failure) -> assertThat(failure).isInstanceOf(IllegalArgumentException.class)
				.hasMessageContainingAll("'tenat'", "[day, number, tenant]", "declaredIn"));
		ContextAssertions.assertThatThreadIsInNoContext();
	}

	@Test
	void valueThatCannotBeConvertedIsNamed() {
		assertThat(failuresOf(Unconvertible.class)).singleElement()
			.satisfies((failure) -> assertThat(failure).hasMessageContainingAll("'many'", "'number'",
					"java.lang.Integer", "ContextVarExtension.with"));
	}

	@Test
	void parallelTestsAreNotBlamed() {
		EngineExecutionResults results = EngineTestKit.engine("junit-jupiter")
			.configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
			.configurationParameter("junit.jupiter.execution.parallel.mode.default", "concurrent")
			.configurationParameter("junit.jupiter.conditions.deactivate", "*")
			.selectors(DiscoverySelectors.selectClass(Parallel.class))
			.execute();
		assertThat(results.testEvents().succeeded().count()).isEqualTo(32);
	}

	private static List<Throwable> failuresOf(Class<?> tests) {
		return EngineTestKit.engine("junit-jupiter")
			.configurationParameter("junit.jupiter.conditions.deactivate", "*")
			.selectors(DiscoverySelectors.selectClass(tests))
			.execute()
			.testEvents()
			.failed()
			.stream()
			.flatMap(WithContextTests::failureOf)
			.toList();
	}

	private static Stream<Throwable> failureOf(Event event) {
		return event.getPayload(TestExecutionResult.class).flatMap(TestExecutionResult::getThrowable).stream();
	}

	@Test
	void assertionsSayWhatIsDifferent() {
		Context context = new Context();
		context.run(() -> TENANT.set("acme"));
		ContextAssertions.assertThat(context).hasValue(TENANT, "acme").doesNotHave(NUMBER);
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> ContextAssertions.assertThat(context).hasValue(TENANT, "globex"))
			.withMessageContaining("'tenant' to be set to <globex>, and it is set to <acme>");
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> ContextAssertions.assertThat(context).hasValue(NUMBER, 1))
			.withMessageContaining("it is not set");
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> ContextAssertions.assertThat(context).doesNotHave(TENANT))
			.withMessageContaining("not to be set");
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> ContextAssertions.assertThat(context).isEmpty())
			.withMessageContaining("tenant");
		context.run(() -> assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(ContextAssertions::assertThatThreadIsInNoContext)
			.withMessageContaining("is in a context"));
	}

	@Nested
	@WithContextVar(name = "tenant", value = "acme")
	@WithContextVar(name = "day", value = "FRIDAY")
	class OnClass {

		@RegisterExtension
		static final ContextVarExtension contexts = ContextVarExtension.with(NUMBER, 1).and(TENANT, "registered");

		@BeforeEach
		void valuesAreThereBefore() {
			assertThat(TENANT.get()).isNotEqualTo("registered");
			TENANT.set(TENANT.get() + "!");
		}

		@AfterEach
		void valuesAreThereAfter() {
			assertThat(TENANT.get()).endsWith("!");
		}

		@Test
		void valuesAreConverted() {
			ContextAssertions.assertThatCurrentContext()
				.hasValue(TENANT, "acme!")
				.hasValue(DAY, DayOfWeek.FRIDAY)
				.hasValue(NUMBER, 1);
		}

		@Test
		@WithContextVar(name = "tenant", value = "globex")
		void methodComesBeforeClass() {
			ContextAssertions.assertThatCurrentContext().hasValue(TENANT, "globex!").hasValue(DAY, DayOfWeek.FRIDAY);
		}

		@RepeatedTest(2)
		void eachRunHasAContext() {
			assertThat(TENANT.get()).isEqualTo("acme!");
			TENANT.set("changed!");
		}

		@Test
		@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
		void testOnAnotherThreadRunsInACopy() {
			assertThat(TENANT.get()).isEqualTo("acme!");
			assertThat(Context.depth()).isEqualTo(1);
		}

		@ParameterizedTest
		@ValueSource(ints = { 1, 2 })
		@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
		void templateOnAnotherThreadRunsInACopy(int ignored) {
			assertThat(TENANT.get()).isEqualTo("acme!");
		}

		@Nested
		@WithContextVar(name = "number", value = "2")
		class Inside {

			@Test
			void nestedClassInherits() {
				ContextAssertions.assertThatCurrentContext().hasValue(TENANT, "acme!").hasValue(NUMBER, 2);
			}

		}

	}

	@Nested
	class OnMethod {

		@Test
		@WithContext
		void contextIsFresh() {
			assertThat(Context.depth()).isEqualTo(1);
			ContextAssertions.assertThatCurrentContext().isEmpty().doesNotHave(TENANT);
		}

		@Test
		@WithContextVar(name = "other", value = "7", declaredIn = Elsewhere.class)
		void variableOfAnotherClass() {
			assertThat(Elsewhere.OTHER.get()).isEqualTo(7L);
		}

		@Test
		void otherMethodsHaveNone() {
			ContextAssertions.assertThatThreadIsInNoContext();
		}

	}

	static class Elsewhere {

		static final ContextVar<Long> OTHER = ContextVar.of("other");

	}

	// The following are run by the tests above only.

	@Disabled("run by a test")
	@WithContext
	static class Leaking {

		@Test
		@SuppressWarnings("resource")
		void leaves() {
			new Context().enter();
			new Context().enter();
			TENANT.set("acme");
			NUMBER.set(1);
		}

	}

	@Disabled("run by a test")
	@WithContext
	static class FailingAndLeaking {

		@Test
		@SuppressWarnings("resource")
		void fails() {
			new Context().enter();
			throw new IllegalStateException("The test fails.");
		}

	}

	@Disabled("run by a test")
	static class Unknown {

		static final ContextVar<String> TENANT = WithContextTests.TENANT;

		static final ContextVar<Integer> NUMBER = WithContextTests.NUMBER;

		static final ContextVar<DayOfWeek> DAY = WithContextTests.DAY;

		@Test
		@WithContextVar(name = "tenat", value = "acme")
		void test() {
		}

	}

	@Disabled("run by a test")
	static class Unconvertible {

		static final ContextVar<Integer> NUMBER = WithContextTests.NUMBER;

		@Test
		@WithContextVar(name = "number", value = "many")
		void test() {
		}

	}

	@Disabled("run by a test")
	@WithContextVar(name = "tenant", value = "acme")
	static class Parallel {

		@RepeatedTest(32)
		void each() {
			assertThat(Context.depth()).isEqualTo(1);
			assertThat(TENANT.get()).isEqualTo("acme");
			TENANT.set("changed");
		}

	}

}

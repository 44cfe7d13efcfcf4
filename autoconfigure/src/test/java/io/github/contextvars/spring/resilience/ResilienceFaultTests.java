package io.github.contextvars.spring.resilience;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seeded faults in what propagates to Resilience4j and Spring Cloud's circuit breakers,
 * which {@link ResiliencePropagationTests} must detect.
 */
@Tag("stress")
class ResilienceFaultTests {

	@Test
	void rightCodePasses() {
		assertThat(SeededFault.NONE.detectedBy(ResiliencePropagationTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					ResilienceContextPropagator      | this.scope.open(this.registry, this.snapshot.create()); | ``                              | tasksOfBulkheadReadTheirSubmittersValues
					ResilienceContextPropagator      | this.scope.open(this.registry, this.snapshot.create()); | this.registry.enter(this.snapshot.create()); | tasksOfBulkheadReadTheirSubmittersValues
					ResilienceContextPropagator      | private final ThreadBoundScope scope                    | private static final ThreadBoundScope scope | taskInsideAnotherOneReturnsToItsContext
					ResilienceContextPropagator      | return 0;                                               | return 15;                      | propagatorThatFailsLeavesNoContext
					ResilienceContextPropagator      | propagators.add(this);                                  | propagators.add(0, this);       | propagatorThatFailsLeavesNoContext
					ResilienceContextPropagator      | propagators.set(i, this);                               | ``                              | configurationThatOutlivesTheApplicationKeepsTheLatestPropagatorOnly
					ResilienceContextPropagator      | propagators.get(i) instanceof ResilienceContextPropagator | propagators.get(i) == this    | configurationThatOutlivesTheApplicationKeepsTheLatestPropagatorOnly
					BulkheadContextBeanPostProcessor | registry.getAllBulkheads().forEach(this::instrument);   | ``                              | tasksOfBulkheadReadTheirSubmittersValues
					BulkheadContextBeanPostProcessor | instrument(event.getAddedEntry())                       | event.getAddedEntry()           | tasksOfBulkheadReadTheirSubmittersValues
					BulkheadContextBeanPostProcessor | instrument(event.getNewEntry())                         | event.getNewEntry()             | tasksOfBulkheadReadTheirSubmittersValues
					BulkheadContextBeanPostProcessor | instrument(bulkhead);                                   | ``                              | tasksOfBulkheadReadTheirSubmittersValues
					TimerContextBeanPostProcessor    | this.propagator.addTo((List<ContextPropagator>) propagators); | ``                        | furtherAttemptsReadTheCallersValuesOnTimerBean
					CircuitBreakerContextBeanPostProcessor | factory.configureExecutorService(new ContextPropagatingExecutorService(executor, this.workRegistry)); | `` | circuitBreakersReadTheirCallersValues
					CircuitBreakerContextBeanPostProcessor | factory.configureGroupExecutorService(new PropagatingGroups(executors, this.workRegistry)); | `` | circuitBreakersReadTheirCallersValues
					CircuitBreakerContextBeanPostProcessor | this.factories.values().forEach(this::instrument); | ``                             | circuitBreakersReadTheirCallersValuesOnPoolThatWasSetLater
					ContextPropagatingExecutorService | this.delegate.submit(capture().wrap(task))             | this.delegate.submit(task)      | circuitBreakersReadTheirCallersValues
					FallbackContextDecorator         | return HIGHEST_PRECEDENCE;                              | return LOWEST_PRECEDENCE;       | fallbacksReadTheirCallersValuesOnAnyThreadThatCompletes
					FallbackContextDecorator         | caller.run(() -> {                                      | this.workRegistry.capture(UnitOfWork.Kind.TASK).run(() -> { | fallbacksReadTheirCallersValuesOnAnyThreadThatCompletes
					""")
	void faultIsDetected(String type, String text, String replacement, String test) {
		assertThat(SeededFault.in(getClass().getPackageName() + "." + type, text, replacement)
			.detectedBy(ResiliencePropagationTests.class, test)).isNotEmpty();
	}

}

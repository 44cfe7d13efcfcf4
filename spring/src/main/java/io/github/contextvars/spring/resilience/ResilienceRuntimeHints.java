package io.github.contextvars.spring.resilience;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/**
 * {@link RuntimeHintsRegistrar} for the fields of Resilience4j and of Spring Cloud
 * CircuitBreaker that are read.
 */
final class ResilienceRuntimeHints implements RuntimeHintsRegistrar {

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		hints.reflection()
			.registerTypeIfPresent(classLoader, "io.github.resilience4j.core.ContextAwareScheduledThreadPoolExecutor",
					(hint) -> hint.withField(TimerContextBeanPostProcessor.PROPAGATORS))
			.registerTypeIfPresent(classLoader, ContextResilienceConfiguration.CIRCUIT_BREAKER_FACTORY,
					(hint) -> hint.withField(CircuitBreakerContextBeanPostProcessor.EXECUTOR)
						.withField(CircuitBreakerContextBeanPostProcessor.GROUP_EXECUTORS));
	}

}

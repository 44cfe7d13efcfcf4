package io.github.contextvars.spring.resilience;

import java.util.stream.Stream;

import io.github.resilience4j.core.ContextAwareScheduledThreadPoolExecutor;
import io.github.resilience4j.retry.RetryRegistry;
import io.github.resilience4j.spring6.fallback.FallbackDecorator;
import io.github.resilience4j.spring6.retry.configure.RetryAspect;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} that propagates the caller's context to
 * thread-pool bulkheads and timers of Resilience4j, and to the executors of Spring
 * Cloud's circuit breakers.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import({ ContextResilienceConfiguration.Bulkheads.class, ContextResilienceConfiguration.Timers.class,
		ContextResilienceConfiguration.Aspects.class, ContextResilienceConfiguration.CircuitBreakers.class })
public final class ContextResilienceConfiguration {

	static final String CIRCUIT_BREAKER_FACTORY = "org.springframework.cloud.circuitbreaker.resilience4j.Resilience4JCircuitBreakerFactory";

	/**
	 * {@link Configuration @Configuration} for thread-pool bulkheads.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent("io.github.resilience4j.bulkhead.ThreadPoolBulkheadRegistry")
	@Import(WorkConfiguration.class)
	static final class Bulkheads {

		@Bean
		static BulkheadContextBeanPostProcessor contextVarsBulkheadBeanPostProcessor(
				ObjectProvider<WorkRegistry> workRegistry) {
			return new BulkheadContextBeanPostProcessor(SingletonSupplier.of(workRegistry::getObject));
		}

	}

	/**
	 * {@link Configuration @Configuration} for the timer that is a bean.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent("io.github.resilience4j.core.ContextAwareScheduledThreadPoolExecutor")
	@Import(WorkConfiguration.class)
	static final class Timers {

		@Bean
		static TimerContextBeanPostProcessor contextVarsTimerBeanPostProcessor(
				ObjectProvider<WorkRegistry> workRegistry) {
			return new TimerContextBeanPostProcessor(SingletonSupplier.of(workRegistry::getObject));
		}

	}

	/**
	 * {@link Configuration @Configuration} for annotated methods. Reports the timer that
	 * is no bean, where there is something to retry.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent({ "io.github.resilience4j.spring6.retry.configure.RetryAspect",
			"io.github.resilience4j.retry.RetryRegistry" })
	@Import(WorkConfiguration.class)
	static final class Aspects {

		@Bean
		FallbackContextDecorator contextVarsFallbackDecorator(ObjectProvider<FallbackDecorator> decorators,
				WorkRegistry workRegistry) {
			return new FallbackContextDecorator(SingletonSupplier.of(() -> decorators.orderedStream().toList()),
					workRegistry);
		}

		@Bean
		PropagationSource contextVarsRetryPropagation(ListableBeanFactory beanFactory) {
			return () -> (hasTimer(beanFactory) || !hasRetries(beanFactory)) ? Stream.empty()
					: Stream.of(beanFactory.getBeanNamesForType(RetryAspect.class, true, false))
						.map((name) -> PropagationSource.Entry.notPropagating(name, "timer", RetryAspect.class,
								"its pool for further attempts of asynchronous methods is no bean",
								"Set resilience4j.scheduled.executor.core-pool-size."));
		}

		private static boolean hasTimer(ListableBeanFactory beanFactory) {
			return beanFactory.getBeanNamesForType(ContextAwareScheduledThreadPoolExecutor.class, true,
					false).length > 0;
		}

		private static boolean hasRetries(ListableBeanFactory beanFactory) {
			return beanFactory.getBeansOfType(RetryRegistry.class, false, false)
				.values()
				.stream()
				.anyMatch((registry) -> !registry.getAllRetries().isEmpty());
		}

	}

	/**
	 * {@link Configuration @Configuration} for Spring Cloud CircuitBreaker.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent(CIRCUIT_BREAKER_FACTORY)
	@Import(WorkConfiguration.class)
	static final class CircuitBreakers {

		@Bean
		static CircuitBreakerContextBeanPostProcessor contextVarsCircuitBreakerBeanPostProcessor(
				ObjectProvider<WorkRegistry> workRegistry) {
			return new CircuitBreakerContextBeanPostProcessor(SingletonSupplier.of(workRegistry::getObject));
		}

	}

}

package io.github.contextvars.spring.resilience;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.cloud.circuitbreaker.resilience4j.Resilience4JCircuitBreakerFactory;

import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Bean post-processor that has the executors of a
 * {@link Resilience4JCircuitBreakerFactory} propagate, which need not be beans. The
 * factory's own {@code @Bean} method has applied its customizers before; what other beans
 * have configured is found when all singletons are there.
 */
final class CircuitBreakerContextBeanPostProcessor
		implements BeanPostProcessor, SmartInitializingSingleton, PropagationSource {

	static final String EXECUTOR = "executorService";

	static final String GROUP_EXECUTORS = "groupExecutorServiceFactory";

	private final Supplier<WorkRegistry> workRegistry;

	private final Map<String, Resilience4JCircuitBreakerFactory> factories = new ConcurrentSkipListMap<>();

	/**
	 * Create a post-processor.
	 * @param workRegistry enters the contexts; asked for at the first call
	 */
	CircuitBreakerContextBeanPostProcessor(Supplier<WorkRegistry> workRegistry) {
		this.workRegistry = workRegistry;
	}

	@Override
	public Object postProcessBeforeInitialization(Object bean, String name) {
		if (bean instanceof Resilience4JCircuitBreakerFactory factory) {
			instrument(factory);
			this.factories.put(name, factory);
		}
		return bean;
	}

	@Override
	public void afterSingletonsInstantiated() {
		this.factories.values().forEach(this::instrument);
	}

	// There are setters only.
	private void instrument(Resilience4JCircuitBreakerFactory factory) {
		DirectFieldAccessor fields = new DirectFieldAccessor(factory);
		if (fields.getPropertyValue(EXECUTOR) instanceof ExecutorService executor
				&& !(executor instanceof ContextPropagatingExecutorService)) {
			factory.configureExecutorService(new ContextPropagatingExecutorService(executor, this.workRegistry));
		}
		if (fields.getPropertyValue(GROUP_EXECUTORS) instanceof Function<?, ?> executors
				&& !(executors instanceof PropagatingGroups)) {
			factory.configureGroupExecutorService(new PropagatingGroups(executors, this.workRegistry));
		}
	}

	/**
	 * List the factories, from the executors that they have at this moment.
	 */
	@Override
	public Stream<Entry> entries() {
		return this.factories.entrySet().stream().map((entry) -> entryOf(entry.getKey(), entry.getValue()));
	}

	private static Entry entryOf(String name, Resilience4JCircuitBreakerFactory factory) {
		DirectFieldAccessor fields = new DirectFieldAccessor(factory);
		return (fields.getPropertyValue(EXECUTOR) instanceof ContextPropagatingExecutorService
				&& fields.getPropertyValue(GROUP_EXECUTORS) instanceof PropagatingGroups)
						? Entry.propagating(name, "circuit breaker factory", factory.getClass(), "executor")
						: Entry.notPropagating(name, "circuit breaker factory", factory.getClass(),
								"its executor was set after the application had started",
								"Set the executor in a Customizer<Resilience4JCircuitBreakerFactory> bean.");
	}

	private record PropagatingGroups(Function<?, ?> executors,
			Supplier<WorkRegistry> workRegistry) implements Function<String, ExecutorService> {

		@Override
		@SuppressWarnings("unchecked")
		public ExecutorService apply(String group) {
			return new ContextPropagatingExecutorService(
					((Function<String, ExecutorService>) this.executors).apply(group), this.workRegistry);
		}

	}

}

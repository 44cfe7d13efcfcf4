package io.github.contextvars.spring.resilience;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.github.resilience4j.core.ContextAwareScheduledThreadPoolExecutor;
import io.github.resilience4j.core.ContextPropagator;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.config.BeanPostProcessor;

import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Bean post-processor that adds a {@link ResilienceContextPropagator} to Resilience4j's
 * timer for asynchronous methods, where it is a bean.
 */
final class TimerContextBeanPostProcessor implements BeanPostProcessor, PropagationSource {

	static final String PROPAGATORS = "contextPropagators";

	private final ResilienceContextPropagator propagator;

	private final Map<String, Entry> entries = new ConcurrentSkipListMap<>();

	/**
	 * Create a post-processor.
	 * @param workRegistry enters the contexts; asked for at the first task
	 */
	TimerContextBeanPostProcessor(Supplier<WorkRegistry> workRegistry) {
		this.propagator = new ResilienceContextPropagator(workRegistry, "Resilience4j timer");
	}

	@Override
	@SuppressWarnings({ "rawtypes", "unchecked" })
	public Object postProcessBeforeInitialization(Object bean, String name) {
		// The getter returns a view that cannot be changed.
		if (bean instanceof ContextAwareScheduledThreadPoolExecutor
				&& new DirectFieldAccessor(bean).getPropertyValue(PROPAGATORS) instanceof List<?> propagators) {
			this.propagator.addTo((List<ContextPropagator>) propagators);
			this.entries.put(name, Entry.propagating(name, "timer", bean.getClass(), "context propagator"));
		}
		return bean;
	}

	@Override
	public Stream<Entry> entries() {
		return List.copyOf(this.entries.values()).stream();
	}

}

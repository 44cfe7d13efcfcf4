package io.github.contextvars.spring.resilience;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.github.resilience4j.bulkhead.ThreadPoolBulkhead;
import io.github.resilience4j.bulkhead.ThreadPoolBulkheadRegistry;
import org.springframework.beans.factory.config.BeanPostProcessor;

import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Bean post-processor that adds a {@link ResilienceContextPropagator} to thread-pool
 * bulkheads: to those that are beans, to those that a registry has, and to each one that
 * is added there.
 */
final class BulkheadContextBeanPostProcessor implements BeanPostProcessor, PropagationSource {

	private final ResilienceContextPropagator propagator;

	private final Map<String, Supplier<Collection<ThreadPoolBulkhead>>> bulkheads = new ConcurrentSkipListMap<>();

	/**
	 * Create a post-processor.
	 * @param workRegistry enters the contexts; asked for at the first task
	 */
	BulkheadContextBeanPostProcessor(Supplier<WorkRegistry> workRegistry) {
		this.propagator = new ResilienceContextPropagator(workRegistry, "Resilience4j bulkhead");
	}

	// A registry that can be refreshed has a proxy, which is not seen here.
	@Override
	public Object postProcessBeforeInitialization(Object bean, String name) {
		if (bean instanceof ThreadPoolBulkheadRegistry registry) {
			registry.getEventPublisher()
				.onEntryAdded((event) -> instrument(event.getAddedEntry()))
				.onEntryReplaced((event) -> instrument(event.getNewEntry()));
			registry.getAllBulkheads().forEach(this::instrument);
			this.bulkheads.put(name, registry::getAllBulkheads);
		}
		else if (bean instanceof ThreadPoolBulkhead bulkhead) {
			instrument(bulkhead);
			this.bulkheads.put(name, () -> Set.of(bulkhead));
		}
		return bean;
	}

	private void instrument(ThreadPoolBulkhead bulkhead) {
		this.propagator.addTo(bulkhead.getBulkheadConfig().getContextPropagator());
	}

	/**
	 * List the bulkheads that there are at this moment.
	 */
	@Override
	public Stream<Entry> entries() {
		return this.bulkheads.values()
			.stream()
			.flatMap((present) -> present.get().stream())
			.distinct()
			.map((bulkhead) -> Entry.propagating(bulkhead.getName(), "bulkhead", bulkhead.getClass(),
					"context propagator"));
	}

}

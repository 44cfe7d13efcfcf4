package io.github.contextvars.spring.observation;

import java.util.Locale;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

import io.github.contextvars.Context;
import io.github.contextvars.spring.registry.OutsideContextPolicy;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Registers the meters of contexts. Until it is bound to a registry, nothing is counted.
 */
public final class ContextVarsMetrics implements MeterBinder {

	private final WorkRegistry liveContexts;

	private final OutsideContextPolicy baseContextPolicy;

	/**
	 * Create a binder.
	 * @param liveContexts counts what runs
	 * @param baseContextPolicy counts what is set outside of any context
	 */
	public ContextVarsMetrics(WorkRegistry liveContexts, OutsideContextPolicy baseContextPolicy) {
		this.liveContexts = liveContexts;
		this.baseContextPolicy = baseContextPolicy;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		this.liveContexts.startCounting();
		for (UnitOfWork.Kind kind : UnitOfWork.Kind.values()) {
			FunctionCounter.builder("contextvars.contexts.entered", this.liveContexts, (live) -> live.count(kind))
				.tag("kind", kind.name().toLowerCase(Locale.ROOT))
				.description("Number of units of work that got a context of their own")
				.register(registry);
		}
		if (this.liveContexts.isTracking()) {
			Gauge.builder("contextvars.contexts.live", this.liveContexts, (live) -> live.list().size())
				.description("Number of contexts that run at this moment")
				.register(registry);
		}
		FunctionCounter.builder("contextvars.base.contexts", this.baseContextPolicy, OutsideContextPolicy::count)
			.description("Number of times that a set outside of any context was warned of or rejected")
			.register(registry);
		FunctionCounter.builder("contextvars.scopes.forgotten", this, (meters) -> Context.leakedScopes())
			.description("Number of scopes that were left open, in the whole of the JVM")
			.register(registry);
	}

}

package io.github.contextvars.spring.observation;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;
import io.github.contextvars.spring.registry.OutsideContextPolicy;
import io.github.contextvars.spring.remote.RemoteDrops;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link MeterBinder} for the contexts of an application. Until it is bound to a
 * registry, nothing is counted.
 */
final class ContextVarsMetrics implements MeterBinder {

	private final WorkRegistry workRegistry;

	private final OutsideContextPolicy policy;

	private final @Nullable RemoteDrops drops;

	/**
	 * Create a binder.
	 * @param workRegistry counts units of work
	 * @param policy counts accesses outside any context
	 * @param drops counts values that were not sent or received, if any are to be
	 */
	ContextVarsMetrics(WorkRegistry workRegistry, OutsideContextPolicy policy, @Nullable RemoteDrops drops) {
		this.workRegistry = workRegistry;
		this.policy = policy;
		this.drops = drops;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		this.workRegistry.startCounting();
		for (UnitOfWork.Kind kind : UnitOfWork.Kind.values()) {
			FunctionCounter.builder("contextvars.contexts.entered", this.workRegistry, (work) -> work.count(kind))
				.tag("kind", kind.toString())
				.description("Number of units of work that began with a context of their own")
				.register(registry);
		}
		if (this.workRegistry.isTracking()) {
			Gauge.builder("contextvars.contexts.active", this.workRegistry, (work) -> work.list().size())
				.description("Number of units of work that run or await completion")
				.register(registry);
		}
		FunctionCounter.builder("contextvars.outside.sets", this.policy, OutsideContextPolicy::sets)
			.description("Number of sets outside any context that were warned of or rejected")
			.register(registry);
		FunctionCounter.builder("contextvars.outside.gets", this.policy, OutsideContextPolicy::gets)
			.description("Number of reads outside any context that were warned of or rejected")
			.register(registry);
		if (this.drops != null) {
			for (RemoteDrops.Reason reason : RemoteDrops.Reason.values()) {
				FunctionCounter.builder("contextvars.remote.dropped", this.drops, (counts) -> counts.count(reason))
					.tag("reason", reason.toString())
					.description("Number of values that were not sent to or received from another process")
					.register(registry);
			}
		}
		FunctionCounter.builder("contextvars.scopes.leaked", this, (metrics) -> Context.leakedScopes())
			.description("Number of scopes that were not closed, in the whole of the JVM")
			.register(registry);
	}

}

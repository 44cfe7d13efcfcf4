package io.github.contextvars.spring.resilience;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.github.resilience4j.core.ContextPropagator;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.work.ThreadBoundScope;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * {@link ContextPropagator} that runs each task in a copy of its submitter's context.
 */
final class ResilienceContextPropagator implements ContextPropagator<ResilienceContextPropagator.Handover> {

	private final Supplier<WorkRegistry> workRegistry;

	private final String origin;

	/**
	 * Create a propagator.
	 * @param workRegistry captures and enters the contexts; asked for at the first task
	 * @param origin what the tasks are started by
	 */
	ResilienceContextPropagator(Supplier<WorkRegistry> workRegistry, String origin) {
		this.workRegistry = workRegistry;
		this.origin = origin;
	}

	/**
	 * Add this propagator to a list, behind all others, or in place of the one that
	 * another application has added: configurations may be shared.
	 * @param propagators the list, which may be in use
	 */
	@SuppressWarnings("rawtypes")
	void addTo(List<ContextPropagator> propagators) {
		synchronized (propagators) {
			for (int i = 0; i < propagators.size(); i++) {
				if (propagators.get(i) instanceof ResilienceContextPropagator) {
					propagators.set(i, this);
					return;
				}
			}
			propagators.add(this);
		}
	}

	@Override
	public Supplier<Optional<Handover>> retrieve() {
		return () -> {
			WorkRegistry registry = this.workRegistry.get();
			return Optional.of(new Handover(registry, registry.capture(UnitOfWork.Kind.TASK, () -> this.origin)));
		};
	}

	@Override
	public Consumer<Optional<Handover>> copy() {
		return (handover) -> handover.ifPresent(Handover::open);
	}

	@Override
	public Consumer<Optional<Handover>> clear() {
		return (handover) -> handover.ifPresent(Handover::close);
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return this == other;
	}

	// Resilience4j clears propagators in the order of a HashMap, and none after one that
	// throws. The last that is merged into the first bin is the first there.
	@Override
	public int hashCode() {
		return 0;
	}

	/**
	 * What is handed over to one task. A task may run inside another one, on the thread
	 * that submits it: each has a scope of its own.
	 */
	static final class Handover {

		private final ThreadBoundScope scope = new ThreadBoundScope();

		private final WorkRegistry registry;

		private final WorkSnapshot snapshot;

		private Handover(WorkRegistry registry, WorkSnapshot snapshot) {
			this.registry = registry;
			this.snapshot = snapshot;
		}

		private void open() {
			this.scope.open(this.registry, this.snapshot.create());
		}

		private void close() {
			this.scope.close();
		}

	}

}

package io.github.contextvars.spring.work;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;

/**
 * {@link WorkRegistry} that knows the units of work of all threads.
 * <p>
 * For each thread it holds the innermost unit, which refers to the one around it. Ending
 * an outer unit also removes inner ones that were not ended, and a thread that ends its
 * outermost unit is removed.
 */
final class TrackingWorkRegistry implements WorkRegistry {

	private final AtomicLong ids = new AtomicLong();

	private final WorkCounter counter = new WorkCounter();

	private final Map<Thread, UnitOfWork> active = new ConcurrentHashMap<>();

	private final PendingWork pending = new PendingWork();

	@Override
	public UnitOfWork create(UnitOfWork.Kind kind, Supplier<String> origin, @Nullable Long parent, Context context) {
		this.counter.increment(kind);
		this.pending.removeAbandoned();
		return new UnitOfWork(this.ids.incrementAndGet(), System.currentTimeMillis(), kind, origin, parent, context);
	}

	@Override
	public Context.Scope enter(UnitOfWork unit) {
		Context.Scope scope = unit.context().enter();
		try {
			register(unit);
		}
		catch (Throwable ex) {
			scope.close();
			throw ex;
		}
		return new TrackedScope(scope, unit);
	}

	@Override
	public <R extends @Nullable Object, X extends Throwable> R call(UnitOfWork unit,
			Context.CallableOp<? extends R, X> operation) throws X {
		return unit.context().<R, X>call(() -> {
			register(unit);
			try {
				return operation.call();
			}
			finally {
				deregister(unit);
			}
		});
	}

	private void register(UnitOfWork unit) {
		Thread thread = Thread.currentThread();
		unit.thread = thread;
		unit.outer = this.active.get(thread);
		this.active.put(thread, unit);
	}

	private void deregister(UnitOfWork unit) {
		Thread thread = Thread.currentThread();
		UnitOfWork found = this.active.get(thread);
		while (found != null && found != unit) {
			found = found.outer;
		}
		if (found == null) {
			return; // an outer unit has ended and removed this one
		}
		UnitOfWork outer = unit.outer;
		unit.thread = null;
		if (outer == null) {
			this.active.remove(thread);
		}
		else {
			this.active.put(thread, outer);
		}
	}

	@Override
	public boolean rename(WorkSnapshot snapshot) {
		UnitOfWork current = current();
		// A task that was renamed is another one, which waits for this.
		return current != null && current.kind() == snapshot.kind() && current.parent() != null
				&& current.parent().equals(snapshot.parent()) && current.rename(snapshot.origin());
	}

	@Override
	public boolean awaitCompletion(UnitOfWork unit, Object result, Predicate<Object> completed) {
		return this.pending.add(unit, result, completed);
	}

	@Override
	public void complete(UnitOfWork unit) {
		this.pending.remove(unit);
	}

	@Override
	public @Nullable UnitOfWork current() {
		return this.active.get(Thread.currentThread());
	}

	@Override
	public List<UnitOfWork> list() {
		// By id: a request that changes threads meanwhile may be met on both.
		Map<Long, UnitOfWork> all = new TreeMap<>();
		for (UnitOfWork innermost : this.active.values()) {
			for (UnitOfWork unit = innermost; unit != null; unit = unit.outer) {
				all.put(unit.id(), unit);
			}
		}
		this.pending.forEach((unit) -> all.putIfAbsent(unit.id(), unit));
		return List.copyOf(all.values());
	}

	@Override
	public boolean isTracking() {
		return true;
	}

	@Override
	public void startCounting() {
		this.counter.start();
	}

	@Override
	public long count(UnitOfWork.Kind kind) {
		return this.counter.count(kind);
	}

	private final class TrackedScope implements Context.Scope {

		private final Context.Scope scope;

		private final UnitOfWork unit;

		private boolean closed;

		private TrackedScope(Context.Scope scope, UnitOfWork unit) {
			this.scope = scope;
			this.unit = unit;
		}

		@Override
		public void close() {
			try {
				// Before another thread can enter the context and register the unit.
				if (!this.closed && this.unit.thread == Thread.currentThread()) {
					this.closed = true;
					deregister(this.unit);
				}
			}
			finally {
				this.scope.close();
			}
		}

	}

}

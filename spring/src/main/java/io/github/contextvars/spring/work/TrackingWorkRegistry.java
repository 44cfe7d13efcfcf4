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
 * For each thread it holds the innermost entry, which refers to the one around it. Ending
 * an outer unit also removes inner ones that were not ended, and a thread that ends its
 * outermost unit is removed.
 * <p>
 * An entry ends by writing a field, as this needs neither stack nor memory. Where both
 * are exhausted, and what follows fails, the entry remains without its unit until the
 * next unit of any thread is entered.
 */
final class TrackingWorkRegistry implements WorkRegistry {

	private final AtomicLong ids = new AtomicLong();

	private final WorkCounter counter = new WorkCounter();

	private final Map<Thread, Entry> active = new ConcurrentHashMap<>();

	private final PendingWork pending = new PendingWork();

	private final UnitThreadLocals threadLocals;

	private final UnitRecording recording;

	// Whether an entry that has ended may still be in the map.
	private volatile boolean unclean;

	TrackingWorkRegistry(@Nullable ThreadLocalPropagation propagation, @Nullable WorkRecorder recorder) {
		this.threadLocals = new UnitThreadLocals(propagation);
		this.recording = new UnitRecording(recorder);
	}

	@Override
	public UnitThreadLocals threadLocals() {
		return this.threadLocals;
	}

	@Override
	public UnitOfWork create(UnitOfWork.Kind kind, Supplier<String> origin, @Nullable Long parent, Context context,
			@Nullable Object threadLocals) {
		this.counter.increment(kind);
		this.pending.removeAbandoned();
		return new UnitOfWork(this.ids.incrementAndGet(), System.currentTimeMillis(), kind, origin, parent, context,
				threadLocals);
	}

	@Override
	public Context.Scope enter(UnitOfWork unit) {
		Entry entry = new Entry(unit);
		Context.Scope scope = unit.context().enter();
		entry.scope = scope;
		try {
			register(entry, unit);
			entry.scope = this.threadLocals.enter(unit, this.recording.enter(unit, scope));
			return entry;
		}
		catch (Throwable ex) {
			entry.unit = null;
			unit.thread = null;
			this.unclean = true;
			scope.close();
			throw ex;
		}
	}

	@Override
	@SuppressWarnings("Finally") // what is thrown has failed for the same reason
	public <R extends @Nullable Object, X extends Throwable> R call(UnitOfWork unit,
			Context.CallableOp<? extends R, X> operation) throws X {
		Context.CallableOp<? extends R, X> extended = this.recording.<R, X>extend(unit,
				this.threadLocals.<R, X>extend(unit, operation));
		Entry entry = new Entry(unit);
		return unit.context().<R, X>call(() -> {
			try {
				register(entry, unit);
				return extended.call();
			}
			finally {
				// Fields only: a call may fail once more if the stack is exhausted.
				entry.unit = null;
				if (unit.thread == entry.thread) {
					unit.thread = null;
				}
				try {
					deregister(entry);
				}
				catch (Throwable ex) {
					this.unclean = true;
					throw ex;
				}
			}
		});
	}

	private void register(Entry entry, UnitOfWork unit) {
		if (this.unclean) {
			removeEnded();
		}
		unit.thread = entry.thread;
		entry.outer = notEnded(this.active.get(entry.thread));
		this.active.put(entry.thread, entry);
	}

	private void deregister(Entry entry) {
		Entry innermost = this.active.get(entry.thread);
		Entry found = innermost;
		while (found != null && found != entry) {
			found = found.outer;
		}
		if (found == null) {
			return; // an outer unit has ended and removed this one
		}
		for (Entry inner = innermost; inner != null && inner != entry; inner = inner.outer) {
			inner.end();
		}
		Entry outer = notEnded(entry.outer);
		if (outer == null) {
			this.active.remove(entry.thread);
		}
		else {
			this.active.put(entry.thread, outer);
		}
	}

	private void removeEnded() {
		this.unclean = false;
		try {
			this.active.forEach((thread, innermost) -> {
				Entry present = notEnded(innermost);
				if (present == null) {
					this.active.remove(thread, innermost);
				}
				else if (present != innermost) {
					this.active.replace(thread, innermost, present);
				}
			});
		}
		catch (Throwable ex) {
			this.unclean = true;
			throw ex;
		}
	}

	private static @Nullable Entry notEnded(@Nullable Entry innermost) {
		Entry entry = innermost;
		while (entry != null && entry.unit == null) {
			entry = entry.outer;
		}
		return entry;
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
		Entry innermost = notEnded(this.active.get(Thread.currentThread()));
		return (innermost != null) ? innermost.unit : null;
	}

	@Override
	public List<UnitOfWork> list() {
		// By id: a request that changes threads meanwhile may be met on both.
		Map<Long, UnitOfWork> all = new TreeMap<>();
		for (Entry innermost : this.active.values()) {
			for (Entry entry = innermost; entry != null; entry = entry.outer) {
				UnitOfWork unit = entry.unit;
				if (unit != null) {
					all.put(unit.id(), unit);
				}
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

	/**
	 * Unit of work that a thread has entered, and the scope that ends it.
	 */
	private final class Entry implements Context.Scope {

		private final Thread thread = Thread.currentThread();

		// Null once it has ended. Written by its own thread only.
		private @Nullable UnitOfWork unit;

		private @Nullable Entry outer;

		private Context.@Nullable Scope scope;

		private Entry(UnitOfWork unit) {
			this.unit = unit;
		}

		private void end() {
			UnitOfWork ended = this.unit;
			this.unit = null;
			if (ended != null && ended.thread == this.thread) {
				ended.thread = null;
			}
		}

		@Override
		public void close() {
			try {
				// Before another thread can enter the context and register the unit.
				if (this.unit != null && this.thread == Thread.currentThread()) {
					end();
					deregister(this);
				}
			}
			catch (Throwable ex) {
				TrackingWorkRegistry.this.unclean = true;
				throw ex;
			}
			finally {
				if (this.scope != null) {
					this.scope.close();
				}
			}
		}

	}

}

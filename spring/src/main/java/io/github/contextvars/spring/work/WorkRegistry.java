package io.github.contextvars.spring.work;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;

/**
 * Enters contexts on behalf of the application, and knows those that run at this moment,
 * and those whose results are not finished. All methods may be called by any thread.
 */
public final class WorkRegistry {

	private final boolean tracking;

	private final AtomicLong ids = new AtomicLong();

	private final ActiveWork running = new ActiveWork();

	private final PendingWork held = new PendingWork();

	// Null until somebody wants to know: nothing is counted without metrics.
	private volatile @Nullable Map<UnitOfWork.Kind, LongAdder> begun;

	private WorkRegistry(boolean tracking) {
		this.tracking = tracking;
	}

	/**
	 * Create an instance that tracks what runs; costs about one map update for each entry
	 * and exit.
	 * @return a new instance
	 */
	public static WorkRegistry tracked() {
		return new WorkRegistry(true);
	}

	/**
	 * Create an instance that enters contexts and remembers nothing.
	 * @return a new instance
	 */
	public static WorkRegistry untracked() {
		return new WorkRegistry(false);
	}

	/**
	 * Describe a unit of work that is about to begin.
	 * @param kind what kind of work it is
	 * @param origin says where it comes from; called only when somebody asks
	 * @param parent what its context was copied from, if anything
	 * @param context the context that it will run in
	 * @return the unit of work
	 */
	public UnitOfWork begin(UnitOfWork.Kind kind, Supplier<String> origin, @Nullable Long parent, Context context) {
		Map<UnitOfWork.Kind, LongAdder> begun = this.begun;
		if (begun != null) {
			begun.computeIfAbsent(kind, (key) -> new LongAdder()).increment();
		}
		// Without tracking nobody can ask: neither the clock nor the shared counter is
		// touched.
		return this.tracking
				? new UnitOfWork(this.ids.incrementAndGet(), System.currentTimeMillis(), kind, origin, parent, context)
				: new UnitOfWork(0, 0, kind, origin, parent, context);
	}

	/**
	 * Run a body as a unit of work, in the work's context.
	 * @param <R> the type of the result
	 * @param <X> the type of the exception that the body may throw
	 * @param work the unit of work
	 * @param body what to call
	 * @return what the body returned
	 * @throws X what the body threw
	 * @throws IllegalStateException if the work's context is entered already
	 */
	public <R extends @Nullable Object, X extends Throwable> R call(UnitOfWork work,
			Context.CallableOp<? extends R, X> body) throws X {
		return this.tracking ? this.running.<R, X>call(work, body) : work.context().call(body);
	}

	/**
	 * Run a body as a unit of work, in the work's context.
	 * @param work the unit of work
	 * @param body what to run
	 * @throws IllegalStateException if the work's context is entered already
	 */
	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	public void run(UnitOfWork work, Runnable body) {
		this.<@Nullable Void, RuntimeException>call(work, () -> {
			body.run();
			return null;
		});
	}

	/**
	 * Enter a unit of work's context until the scope is closed, by the same thread.
	 * @param work the unit of work, new or left before
	 * @return the scope
	 * @throws IllegalStateException if the work's context is entered already
	 */
	public Context.Scope enter(UnitOfWork work) {
		return this.tracking ? this.running.enter(work) : work.context().enter();
	}

	/**
	 * Enter the context of a task until the scope is closed, by the same thread. Where
	 * the executor carries contexts itself, the task is on the list already, and gets its
	 * name and this context.
	 * @param origin says where the task comes from; called only when somebody asks
	 * @param parent what its context was copied from, if anything
	 * @param context the context to run in
	 * @return the scope
	 * @throws IllegalStateException if the context is entered already
	 */
	public Context.Scope enterTask(Supplier<String> origin, @Nullable Long parent, Context context) {
		UnitOfWork current = current();
		// A task that has its name is not this one, but one that waits for it.
		if (current != null && current.kind() == UnitOfWork.Kind.TASK && current.nameOrigin(origin)) {
			return enterInPlace(current, context);
		}
		return enter(begin(UnitOfWork.Kind.TASK, origin, parent, context));
	}

	/**
	 * Keep a unit of work on the list after its thread has left it, until what it
	 * returned is finished, released or garbage.
	 * @param work the unit of work
	 * @param result what it returned
	 * @param finished tells whether the result is finished
	 * @return whether the work is held, and would like to be released
	 */
	public boolean hold(UnitOfWork work, Object result, Predicate<Object> finished) {
		if (!this.tracking || finished.test(result)) {
			return false;
		}
		this.held.hold(work, result, finished);
		return true;
	}

	/**
	 * Take a unit of work that was held off the list.
	 * @param work the unit of work
	 */
	public void release(UnitOfWork work) {
		this.held.release(work);
	}

	/**
	 * Return the unit of work that the calling thread is in.
	 * @return the innermost unit of work, or {@code null}
	 */
	public @Nullable UnitOfWork current() {
		return this.tracking ? this.running.current() : null;
	}

	/**
	 * Return the {@link UnitOfWork#id()} of the {@link #current()} unit of work.
	 * @return the id, or {@code null}
	 */
	public @Nullable Long currentId() {
		UnitOfWork current = current();
		return (current != null) ? current.id() : null;
	}

	/**
	 * List the units of work that run at this moment, in the order in which they began.
	 * @return a copy; empty when nothing is tracked
	 */
	public List<UnitOfWork> list() {
		// By id: a request that changes threads meanwhile may be met on both.
		Map<Long, UnitOfWork> all = new TreeMap<>();
		this.running.forEach((work) -> all.put(work.id(), work));
		this.held.forEach((work) -> all.putIfAbsent(work.id(), work));
		return List.copyOf(all.values());
	}

	/**
	 * Tell whether {@link #list()} knows what runs.
	 * @return whether units of work are tracked
	 */
	public boolean isTracking() {
		return this.tracking;
	}

	/**
	 * Count from now on, if that isn't done already, how many units of work begin.
	 */
	public synchronized void startCounting() {
		if (this.begun == null) {
			this.begun = new ConcurrentHashMap<>();
		}
	}

	/**
	 * Return how many units of work have begun since {@link #startCounting()}. A request
	 * counts once, through all its dispatches.
	 * @param kind the kind of work
	 * @return the number
	 */
	public long count(UnitOfWork.Kind kind) {
		Map<UnitOfWork.Kind, LongAdder> begun = this.begun;
		LongAdder adder = (begun != null) ? begun.get(kind) : null;
		return (adder != null) ? adder.sum() : 0;
	}

	private static Context.Scope enterInPlace(UnitOfWork work, Context context) {
		Context.Scope scope = context.enter();
		Context outer = work.context();
		work.context = context;
		return () -> {
			scope.close();
			work.context = outer;
		};
	}

}

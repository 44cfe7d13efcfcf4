package io.github.contextvars.spring.work;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;

/**
 * Registry through which an application enters all its contexts. One implementation
 * tracks the {@linkplain #list() units of work} that run, the other only enters their
 * contexts.
 * <p>
 * All methods may be called on any thread.
 *
 * @since 0.1.0
 * @see UnitOfWork
 * @see WorkSnapshot
 */
public sealed interface WorkRegistry permits NonTrackingWorkRegistry, TrackingWorkRegistry {

	/**
	 * Create a registry that tracks units of work, at the cost of about one update of a
	 * concurrent map for each entry and each exit.
	 * @return a new registry
	 */
	static WorkRegistry tracking() {
		return tracking(null, null);
	}

	/**
	 * Create a registry that tracks units of work, propagates {@link ThreadLocal}s of
	 * other libraries, and has units of work recorded.
	 * @param threadLocals what is captured and restored with contexts, if anything
	 * @param recorder what records units of work, if anything
	 * @return a new registry
	 */
	static WorkRegistry tracking(@Nullable ThreadLocalPropagation threadLocals, @Nullable WorkRecorder recorder) {
		return new TrackingWorkRegistry(threadLocals, recorder);
	}

	/**
	 * Create a registry that enters contexts and remembers nothing.
	 * @return a new registry
	 */
	static WorkRegistry nonTracking() {
		return nonTracking(null, null);
	}

	/**
	 * Create a registry that tracks nothing, propagates {@link ThreadLocal}s of other
	 * libraries, and has units of work recorded.
	 * @param threadLocals what is captured and restored with contexts, if anything
	 * @param recorder what records units of work, if anything
	 * @return a new registry
	 */
	static WorkRegistry nonTracking(@Nullable ThreadLocalPropagation threadLocals, @Nullable WorkRecorder recorder) {
		return new NonTrackingWorkRegistry(threadLocals, recorder);
	}

	/**
	 * Create a unit of work that begins with an empty context.
	 * @param kind the kind of work
	 * @param origin supplies what the work was started by; called when the origin is
	 * asked for
	 * @return a unit of work that is not entered yet
	 */
	default UnitOfWork create(UnitOfWork.Kind kind, Supplier<String> origin) {
		return create(kind, origin, null, new Context(), null);
	}

	/**
	 * Create a unit of work for the call of a method on the calling thread. The thread
	 * keeps its {@link ThreadLocal}s: they belong to the work that the call is a part of.
	 * @param origin supplies the name of the method
	 * @param fresh whether the context is empty, instead of a copy of the current one
	 * @return a unit of work that is not entered yet
	 */
	default UnitOfWork createScoped(Supplier<String> origin, boolean fresh) {
		if (fresh) {
			return create(UnitOfWork.Kind.SCOPED, origin, null, new Context(), UnitThreadLocals.UNCHANGED);
		}
		UnitOfWork current = current();
		UnitOfWork unit = create(UnitOfWork.Kind.SCOPED, origin, (current != null) ? current.id() : null,
				Context.copyOfCurrent(), UnitThreadLocals.UNCHANGED);
		unit.pinOrigin();
		return unit;
	}

	/**
	 * Create a unit of work that runs in a given context.
	 * @param kind the kind of work
	 * @param origin supplies what the work was started by
	 * @param parent the id of the unit of work whose context was copied, if any
	 * @param context the context to run in
	 * @return a unit of work that is not entered yet
	 */
	default UnitOfWork create(UnitOfWork.Kind kind, Supplier<String> origin, @Nullable Long parent, Context context) {
		return create(kind, origin, parent, context, null);
	}

	/**
	 * Create a unit of work that runs in a given context and has {@link ThreadLocal}s of
	 * other libraries.
	 * @param kind the kind of work
	 * @param origin supplies what the work was started by
	 * @param parent the id of the unit of work whose context was copied, if any
	 * @param context the context to run in
	 * @param threadLocals what {@link ThreadLocalPropagation} has captured for it, or
	 * {@code null} if it begins without values
	 * @return a unit of work that is not entered yet
	 */
	UnitOfWork create(UnitOfWork.Kind kind, Supplier<String> origin, @Nullable Long parent, Context context,
			@Nullable Object threadLocals);

	/**
	 * Return what this registry does with {@link ThreadLocal}s.
	 * @return the same for each call
	 */
	UnitThreadLocals threadLocals();

	/**
	 * Capture the calling thread's context for work that runs later or on another thread.
	 * Costs the same for any number of variables.
	 * @param kind the kind of that work
	 * @param origin supplies what that work was started by
	 * @return a snapshot of the current context
	 */
	default WorkSnapshot capture(UnitOfWork.Kind kind, Supplier<String> origin) {
		UnitOfWork current = current();
		return new WorkSnapshot(this, kind, origin, Context.copyOfCurrent(), (current != null) ? current.id() : null,
				threadLocals().capture());
	}

	/**
	 * Capture the calling thread's context for work that continues what it does: the
	 * origin is that of the current unit of work.
	 * @param kind the kind of that work
	 * @return a snapshot of the current context
	 */
	default WorkSnapshot capture(UnitOfWork.Kind kind) {
		UnitOfWork current = current();
		return capture(kind, (current != null) ? current.originSupplier() : kind::toString);
	}

	/**
	 * Capture the calling thread's context only, for a mechanism that propagates
	 * {@link ThreadLocal}s itself.
	 * @param kind the kind of the work that continues
	 * @return a snapshot of the current context
	 */
	default WorkSnapshot captureContext(UnitOfWork.Kind kind) {
		UnitOfWork current = current();
		return new WorkSnapshot(this, kind, (current != null) ? current.originSupplier() : kind::toString,
				Context.copyOfCurrent(), (current != null) ? current.id() : null, UnitThreadLocals.UNCHANGED);
	}

	/**
	 * Capture the context of a unit of work, as it is at this moment, for work that is
	 * done on behalf of it. {@link ThreadLocal}s are those that were
	 * {@linkplain #saveThreadLocals saved} last.
	 * @param unit the unit of work, entered by any thread or by none
	 * @param kind the kind of that work
	 * @param origin supplies what that work was started by
	 * @return a snapshot of the unit's context
	 */
	default WorkSnapshot capture(UnitOfWork unit, UnitOfWork.Kind kind, Supplier<String> origin) {
		return new WorkSnapshot(this, kind, origin, unit.context().copy(), unit.id(), unit.threadLocals);
	}

	/**
	 * Return a snapshot that follows a unit of work, for a mechanism that propagates
	 * {@link ThreadLocal}s itself: each run gets a copy of what the unit's context is at
	 * the beginning of that run.
	 * @param unit the unit of work, entered by any thread or by none
	 * @param kind the kind of the work that is done on behalf of it
	 * @return a snapshot that is never out of date
	 */
	default WorkSnapshot follow(UnitOfWork unit, UnitOfWork.Kind kind) {
		return new WorkSnapshot(this, kind, unit.originSupplier(), unit.context(), unit.id(),
				UnitThreadLocals.UNCHANGED);
	}

	/**
	 * Let a unit of work have those {@link ThreadLocal}s that the calling thread has now,
	 * whenever it is entered again or captured. For units that are left and entered
	 * several times.
	 * @param unit the unit of work, entered by the calling thread
	 */
	default void saveThreadLocals(UnitOfWork unit) {
		threadLocals().save(unit);
	}

	/**
	 * Enter a context that is no unit of work, for what a loop does between two of them.
	 * @param context the context
	 * @return the scope, to be closed by the same thread
	 * @throws IllegalStateException if the context is already entered
	 */
	default Context.Scope enter(Context context) {
		return threadLocals().enter(null, null, context.enter());
	}

	/**
	 * Enter a unit of work's context until the scope is closed by the same thread.
	 * @param unit the unit of work, new or left before
	 * @return the scope
	 * @throws IllegalStateException if the unit's context is already entered
	 */
	Context.Scope enter(UnitOfWork unit);

	/**
	 * Call an operation in a unit of work's context.
	 * @param <R> the type of the result
	 * @param <X> the type of the exception that the operation may throw
	 * @param unit the unit of work, new or left before
	 * @param operation the operation
	 * @return the operation's result
	 * @throws X if the operation throws it
	 * @throws IllegalStateException if the unit's context is already entered
	 */
	<R extends @Nullable Object, X extends Throwable> R call(UnitOfWork unit,
			Context.CallableOp<? extends R, X> operation) throws X;

	/**
	 * Run a task in a unit of work's context.
	 * @param unit the unit of work, new or left before
	 * @param task the task
	 * @throws IllegalStateException if the unit's context is already entered
	 */
	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	default void run(UnitOfWork unit, Runnable task) {
		this.<@Nullable Void, RuntimeException>call(unit, () -> {
			task.run();
			return null;
		});
	}

	/**
	 * Give the task that the calling thread runs a more exact origin, if an executor has
	 * entered it already on behalf of the same parent.
	 * @param snapshot what the task was captured as
	 * @return whether the calling thread is in that task
	 */
	boolean rename(WorkSnapshot snapshot);

	/**
	 * Keep a unit of work listed after its thread has left it, until its result is
	 * completed or is no longer referenced. The registry refers to both weakly, so that a
	 * value that refers to the result does not keep it.
	 * @param unit the unit of work
	 * @param result what the work returned, and what refers to the unit until it is
	 * completed
	 * @param completed tells whether the result is completed; it refers to the unit if
	 * the result does not
	 * @return whether the caller must call {@link #complete} once the result completes
	 */
	boolean awaitCompletion(UnitOfWork unit, Object result, Predicate<Object> completed);

	/**
	 * Remove a unit of work that was kept by {@link #awaitCompletion}.
	 * @param unit the unit of work
	 */
	void complete(UnitOfWork unit);

	/**
	 * Return the unit of work that the calling thread runs.
	 * @return the innermost unit of work, or {@code null} if there is none or nothing is
	 * tracked
	 */
	@Nullable UnitOfWork current();

	/**
	 * List the units of work that run or await completion, in the order in which they
	 * began. Each entry is consistent; the list as a whole is no snapshot.
	 * @return a copy; empty if nothing is tracked
	 */
	List<UnitOfWork> list();

	/**
	 * Return whether units of work are tracked.
	 * @return whether {@link #list()} knows them
	 */
	boolean isTracking();

	/**
	 * Start to count the units of work that begin. Until then nothing is counted.
	 */
	void startCounting();

	/**
	 * Return how many units of work have begun since {@link #startCounting()}. A request
	 * counts once, through all its dispatches.
	 * @param kind the kind of work
	 * @return the number
	 */
	long count(UnitOfWork.Kind kind);

}

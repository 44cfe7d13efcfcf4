package io.github.contextvars.spring.work;

import java.util.concurrent.Callable;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

/**
 * Snapshot of a context for work that runs later or on another thread: the values, what
 * they were captured from, what the work is, and those {@link ThreadLocal}s of other
 * libraries that propagate with it. Every run gets a copy of the values, so runs that are
 * repeated or overlap see nothing of each other.
 * <p>
 * Immutable, unless it {@linkplain WorkRegistry#follow follows} a unit of work. May be
 * used on any thread.
 *
 * @since 0.1.0
 * @see WorkRegistry#capture
 */
public final class WorkSnapshot {

	/**
	 * Key of the library's {@code ThreadLocalAccessor} in Micrometer's context registry.
	 */
	public static final String KEY = "io.github.contextvars";

	private static final Object UNSET = new Object();

	private final WorkRegistry registry;

	private final UnitOfWork.Kind kind;

	private final Supplier<String> origin;

	private final Context values;

	private final @Nullable Long parent;

	private final @Nullable Object threadLocals;

	private final boolean renamable;

	WorkSnapshot(WorkRegistry registry, UnitOfWork.Kind kind, Supplier<String> origin, Context values,
			@Nullable Long parent, @Nullable Object threadLocals) {
		this(registry, kind, origin, values, parent, threadLocals, false);
	}

	private WorkSnapshot(WorkRegistry registry, UnitOfWork.Kind kind, Supplier<String> origin, Context values,
			@Nullable Long parent, @Nullable Object threadLocals, boolean renamable) {
		this.threadLocals = threadLocals;
		this.renamable = renamable;
		this.registry = registry;
		this.kind = kind;
		this.origin = origin;
		this.values = values;
		this.parent = parent;
	}

	/**
	 * Return this snapshot for work that {@link #openIfNecessary()} may take for its own,
	 * and give a more exact origin.
	 * @return a snapshot of the same values
	 */
	public WorkSnapshot renamable() {
		return new WorkSnapshot(this.registry, this.kind, this.origin, this.values, this.parent, this.threadLocals,
				true);
	}

	/**
	 * Return a snapshot of the values that an operation leaves, which runs in a copy of
	 * the captured context now.
	 * @param operation sets variables
	 * @return a snapshot for the same work
	 */
	public WorkSnapshot after(Runnable operation) {
		Context changed = this.values.copy();
		changed.run(operation);
		return of(changed);
	}

	/**
	 * Return a snapshot with the changes that another context has seen: of variables that
	 * have the value here that they had there before.
	 * @param before the other context, before its changes
	 * @param after the other context
	 * @return a snapshot for the same work
	 */
	public WorkSnapshot withChanges(Context before, Context after) {
		Context changed = new Context();
		Context present = this.values.copy();
		changed.run(() -> {
			present.keySet()
				.stream()
				.filter((variable) -> !isSame(variable, present, before))
				.forEach((variable) -> copy(variable, present));
			after.copy()
				.keySet()
				.stream()
				.filter((variable) -> isSame(variable, present, before))
				.forEach((variable) -> copy(variable, after));
		});
		return of(changed);
	}

	@SuppressWarnings("ReferenceEquality") // no method of a value is called
	private static boolean isSame(ContextVar<?> variable, Context one, Context other) {
		return one.getOrDefault((Object) variable, UNSET) == other.getOrDefault((Object) variable, UNSET);
	}

	@SuppressWarnings({ "unchecked", "NullAway" }) // JDK 17 drops nullable type arguments
	private static void copy(ContextVar<?> variable, Context from) {
		((ContextVar<@Nullable Object>) variable).set(from.get((Object) variable));
	}

	private WorkSnapshot of(Context changed) {
		return new WorkSnapshot(this.registry, this.kind, this.origin, changed, this.parent, this.threadLocals,
				this.renamable);
	}

	UnitOfWork.Kind kind() {
		return this.kind;
	}

	Supplier<String> origin() {
		return this.origin;
	}

	@Nullable Long parent() {
		return this.parent;
	}

	/**
	 * Enter a copy of the captured context until the scope is closed by the same thread.
	 * @return the scope
	 */
	public Context.Scope open() {
		return this.registry.enter(create());
	}

	/**
	 * Enter a copy of the captured context, unless an executor has done so for a
	 * {@linkplain #renamable() renamable} task of the same parent.
	 * @return the scope, or {@code null} if the calling thread is in the task already
	 */
	public Context.@Nullable Scope openIfNecessary() {
		return this.registry.rename(this) ? null : open();
	}

	/**
	 * Call an operation in a copy of the captured context.
	 * @param <R> the type of the result
	 * @param <X> the type of the exception that the operation may throw
	 * @param operation the operation
	 * @return the operation's result
	 * @throws X if the operation throws it
	 */
	public <R extends @Nullable Object, X extends Throwable> R call(Context.CallableOp<? extends R, X> operation)
			throws X {
		return this.registry.<R, X>call(create(), operation);
	}

	/**
	 * Run a task in a copy of the captured context.
	 * @param task the task
	 */
	public void run(Runnable task) {
		this.registry.run(create(), task);
	}

	/**
	 * Wrap a task: each of its runs gets a copy of the captured context.
	 * @param task the task
	 * @return the wrapped task
	 */
	public Runnable wrap(Runnable task) {
		return () -> run(task);
	}

	/**
	 * Wrap a task that returns a result, as {@link #wrap(Runnable)} does.
	 * @param <V> the type of the result
	 * @param task the task
	 * @return the wrapped task
	 */
	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	public <V extends @Nullable Object> Callable<V> wrap(Callable<V> task) {
		return () -> this.<V, Exception>call(task::call);
	}

	/**
	 * Create a unit of work that begins with a copy of the captured context.
	 * @return a unit of work that is not entered yet
	 */
	public UnitOfWork create() {
		UnitOfWork unit = this.registry.create(this.kind, this.origin, this.parent, this.values.copy(),
				this.threadLocals);
		if (!this.renamable) {
			unit.pinOrigin();
		}
		return unit;
	}

	/**
	 * Return the names of the captured variables. Values are never shown.
	 */
	@Override
	public String toString() {
		return this.values.toString();
	}

}

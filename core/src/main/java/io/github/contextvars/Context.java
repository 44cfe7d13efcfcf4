package io.github.contextvars;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.AbstractMap;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.Spliterator;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

/**
 * A mapping of variables to values that code can run in. While it runs in a context, a
 * thread reads and sets variables there and nowhere else: a context replaces the one
 * around it, it does not overlay it.
 *
 * {@snippet file = "io/github/contextvars/ExamplesTests.java" region = "context"}
 *
 * <p>
 * One thread at a time may run in a context; to run on several, give each a
 * {@link #copy()}, which costs one small object whatever the number of variables. Reading
 * is for all threads at any time, without a lock: what they see is one consistent state.
 * As a {@link Map} a context can't be changed from outside: only
 * {@link ContextVar#set(Object)} does that, from within. Don't use a context as a key
 * while it changes: its hash code is its content's.
 *
 * @see <a href=
 * "https://docs.python.org/3/library/contextvars.html#contextvars.Context">Python's
 * Context</a>
 */
public final class Context extends AbstractMap<ContextVar<?>, @Nullable Object> {

	private static final VarHandle STATE;

	private static final VarHandle ENTERED_BY;

	static {
		try {
			MethodHandles.Lookup lookup = MethodHandles.lookup();
			STATE = lookup.findVarHandle(Context.class, "state", PersistentMap.class);
			ENTERED_BY = lookup.findVarHandle(Context.class, "enteredBy", Thread.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
		ThreadStack.warmUp();
	}

	// The thread that is in this context, if any.
	volatile @Nullable Thread enteredBy;

	// While entered: what lies below in the thread's stack, a Context or an EnteredScope.
	@Nullable Object frame;

	// Written by the thread that is in this context, read by all, through STATE.
	@SuppressWarnings("UnusedVariable")
	private PersistentMap state;

	/**
	 * Create an empty context.
	 */
	public Context() {
		this(PersistentMap.EMPTY);
	}

	private Context(PersistentMap state) {
		this.state = state;
		// For whoever is handed this context by a race.
		VarHandle.storeStoreFence();
	}

	static void load() {
	}

	/**
	 * Copy the calling thread's current context. One allocation, whatever the number of
	 * variables.
	 * @return a new context with the same values, not entered; empty if the thread has
	 * none
	 * @see <a href=
	 * "https://docs.python.org/3/library/contextvars.html#contextvars.copy_context">Python's
	 * copy_context()</a>
	 */
	public static Context copyOfCurrent() {
		Context current = ThreadStack.current();
		return (current != null) ? current.copy() : new Context();
	}

	/**
	 * Copy this context. Shallow, independent of this one from here on, and not entered
	 * even if this one is. One allocation, whatever the number of variables; any thread
	 * may call it at any time.
	 * @return a new context with the same values
	 */
	public Context copy() {
		return new Context(state());
	}

	/**
	 * Run a body in this context, on the calling thread. However the body ends, the
	 * thread is then back in the context it was in before; what the body set stays in
	 * this context.
	 * @param body what to run
	 * @throws IllegalStateException if this context is entered already, by whichever
	 * thread
	 * @throws NullPointerException if the body is {@code null}
	 */
	public void run(Runnable body) {
		Objects.requireNonNull(body, "'body' must not be null");
		ThreadStack.<@Nullable Void, RuntimeException>call(this, true, body, null);
	}

	/**
	 * Call a body in this context, as {@link #run} does, and return what it returns.
	 * @param <R> the type of the result
	 * @param <X> the type of the body's checked exception, which passes as it is
	 * @param body what to call
	 * @return the body's result
	 * @throws X what the body throws
	 * @throws IllegalStateException if this context is entered already, by whichever
	 * thread
	 * @throws NullPointerException if the body is {@code null}
	 */
	@SuppressWarnings("NullAway") // null only where R says so
	public <R extends @Nullable Object, X extends Throwable> R call(CallableOp<? extends R, X> body) throws X {
		Objects.requireNonNull(body, "'body' must not be null");
		return ThreadStack.<R, X>call(this, true, null, body);
	}

	/**
	 * Enter this context until the scope is closed: for frameworks that cannot pass a
	 * callback; everyone else is better off with {@link #run} and {@link #call}. Closing
	 * an outer scope while inner ones are open leaves these too, and reports each through
	 * {@link System.Logger} {@code io.github.contextvars}; with the system property
	 * {@code contextvars.trace=true} it says where each was entered.
	 * @return the scope, to be closed by the same thread
	 * @throws IllegalStateException if this context is entered already, by whichever
	 * thread
	 */
	public Scope enter() {
		return ThreadStack.enter(this);
	}

	/**
	 * Set who hears that a thread is about to get a base context, because it sets a
	 * variable outside of any context. The handler is called on that thread, with the
	 * variable, before anything is made, and in a context of its own, so that what it
	 * sets itself is thrown away. What it throws reaches the caller of {@code set()}, and
	 * then nothing was made.
	 * @param handler the handler for the whole of the JVM; {@code null} for none, which
	 * is the default
	 */
	public static void onSetOutside(@Nullable Consumer<? super ContextVar<?>> handler) {
		ThreadStack.onSetOutside(handler);
	}

	/**
	 * Return how many contexts the calling thread has entered and not left. A base
	 * context does not count.
	 * @return the number, 0 outside of any context
	 */
	public static int depth() {
		return ThreadStack.depth();
	}

	/**
	 * Return how many contexts were left only because one around them was, as their scope
	 * had not been closed; each was reported as {@link #enter()} says. May be called by
	 * any thread.
	 * @return the number since the library was loaded, which never falls
	 */
	public static long leakedScopes() {
		return ThreadStack.leakedScopes();
	}

	/**
	 * Return a variable's value in this context. Its default doesn't count.
	 * @param <T> the type of the value
	 * @param var the variable
	 * @return the value, {@code null} where there is none
	 * @throws NullPointerException if the variable is {@code null}
	 */
	public <T extends @Nullable Object> @Nullable T get(ContextVar<T> var) {
		return this.<T>getOrDefault(var, null);
	}

	/**
	 * Return a variable's value in this context: Python's {@code ctx[var]}.
	 * @param <T> the type of the value
	 * @param var the variable
	 * @return the value; {@code null} only if that is the value
	 * @throws NoSuchElementException if the variable has no value here, whatever its
	 * default
	 * @throws NullPointerException if the variable is {@code null}
	 */
	@SuppressWarnings({ "unchecked", "NullAway" }) // null only where T says so
	public <T extends @Nullable Object> T getOrThrow(ContextVar<T> var) {
		Object value = valueOf(Objects.requireNonNull(var, "'var' must not be null"));
		if (value == PersistentMap.ABSENT) {
			throw new NoSuchElementException("'" + var.name() + "' has no value in this context");
		}
		return (T) value;
	}

	/**
	 * Return a variable's value in this context, else {@code fallback}.
	 * @param <T> the type of the value
	 * @param var the variable
	 * @param fallback what to return where there is no value
	 * @return the value or {@code fallback}
	 * @throws NullPointerException if the variable is {@code null}
	 */
	@SuppressWarnings("unchecked")
	public <T extends @Nullable Object> @Nullable T getOrDefault(ContextVar<T> var, @Nullable T fallback) {
		Object value = valueOf(Objects.requireNonNull(var, "'var' must not be null"));
		return (value != PersistentMap.ABSENT) ? (T) value : fallback;
	}

	@Override
	public @Nullable Object get(@Nullable Object key) {
		return getOrDefault(key, null);
	}

	@Override
	public @Nullable Object getOrDefault(@Nullable Object key, @Nullable Object fallback) {
		Object value = (key instanceof ContextVar<?> var) ? valueOf(var) : PersistentMap.ABSENT;
		return (value != PersistentMap.ABSENT) ? value : fallback;
	}

	@Override
	public boolean containsKey(@Nullable Object key) {
		return key instanceof ContextVar<?> var && valueOf(var) != PersistentMap.ABSENT;
	}

	@Override
	public int size() {
		return state().size();
	}

	@Override
	public boolean isEmpty() {
		return size() == 0;
	}

	@Override
	public Set<Map.Entry<ContextVar<?>, @Nullable Object>> entrySet() {
		return new ContextView<>(this::state, (entry) -> entry, Spliterator.DISTINCT);
	}

	@Override
	public Set<ContextVar<?>> keySet() {
		return new ContextView<>(this::state, Map.Entry::getKey, Spliterator.DISTINCT);
	}

	@Override
	public Collection<@Nullable Object> values() {
		return Collections
			.unmodifiableCollection(new ContextView<@Nullable Object>(this::state, Map.Entry::getValue, 0));
	}

	@Override
	public @Nullable Object put(ContextVar<?> var, @Nullable Object value) {
		throw new UnsupportedOperationException(
				"Context cannot be changed from outside; use ContextVar.set() in code that runs in it");
	}

	/**
	 * Compare contents: the same variables, with equal values. Calls the values'
	 * {@code equals()} where they are not identical.
	 */
	@Override
	public boolean equals(@Nullable Object other) {
		if (other == this) {
			return true;
		}
		if (!(other instanceof Map<?, ?> map)) {
			return false;
		}
		try {
			return sameEntries(state(), (map instanceof Context context) ? context.copy() : map);
		}
		catch (ClassCastException | NullPointerException ex) {
			return false; // a map that cannot hold such keys, as AbstractMap has it
		}
	}

	@Override
	public int hashCode() {
		return super.hashCode();
	}

	/**
	 * Return the names of the variables that have a value here; never a value.
	 */
	@Override
	public String toString() {
		return keySet().stream().map(ContextVar::name).collect(Collectors.joining(", ", "Context[", "]"));
	}

	/**
	 * Return a task that runs in a fresh copy of this context's values, as they are now,
	 * each time it is run, on whichever thread.
	 * @param task what to run
	 * @return the wrapped task
	 * @throws NullPointerException if the task is {@code null}
	 */
	public Runnable wrap(Runnable task) {
		Objects.requireNonNull(task, "'task' must not be null");
		PersistentMap values = state();
		return () -> runAlone(values, task);
	}

	/**
	 * As {@link #wrap(Runnable)}, for a {@link Callable}.
	 * @param <V> the type of the result
	 * @param task what to call
	 * @return the wrapped task
	 * @throws NullPointerException if the task is {@code null}
	 */
	public <V extends @Nullable Object> Callable<V> wrapCallable(Callable<V> task) {
		Objects.requireNonNull(task, "'task' must not be null");
		PersistentMap values = state();
		return () -> Context.<V, Exception>callAlone(values, task::call);
	}

	/**
	 * As {@link #wrap(Runnable)}, for a {@link Supplier}.
	 * @param <V> the type of the result
	 * @param supplier what to call
	 * @return the wrapped supplier
	 * @throws NullPointerException if the supplier is {@code null}
	 */
	public <V extends @Nullable Object> Supplier<V> wrapSupplier(Supplier<V> supplier) {
		Objects.requireNonNull(supplier, "'supplier' must not be null");
		PersistentMap values = state();
		return () -> Context.<V, RuntimeException>callAlone(values, supplier::get);
	}

	/**
	 * As {@link #wrap(Runnable)}, for a {@link Function}.
	 * @param <A> the type of the argument
	 * @param <R> the type of the result
	 * @param function what to call
	 * @return the wrapped function
	 * @throws NullPointerException if the function is {@code null}
	 */
	public <A extends @Nullable Object, R extends @Nullable Object> Function<A, R> wrapFunction(
			Function<A, R> function) {
		Objects.requireNonNull(function, "'function' must not be null");
		PersistentMap values = state();
		return (argument) -> Context.<R, RuntimeException>callAlone(values, () -> function.apply(argument));
	}

	/**
	 * As {@link #wrap(Runnable)}, for a {@link BiFunction}.
	 * @param <A> the type of the first argument
	 * @param <B> the type of the second argument
	 * @param <R> the type of the result
	 * @param function what to call
	 * @return the wrapped function
	 * @throws NullPointerException if the function is {@code null}
	 */
	public <A extends @Nullable Object, B extends @Nullable Object, R extends @Nullable Object> BiFunction<A, B, R> wrapBiFunction(
			BiFunction<A, B, R> function) {
		Objects.requireNonNull(function, "'function' must not be null");
		PersistentMap values = state();
		return (first, second) -> Context.<R, RuntimeException>callAlone(values, () -> function.apply(first, second));
	}

	/**
	 * As {@link #wrap(Runnable)}, for a {@link Consumer}.
	 * @param <A> the type of the argument
	 * @param consumer what to call
	 * @return the wrapped consumer
	 * @throws NullPointerException if the consumer is {@code null}
	 */
	public <A extends @Nullable Object> Consumer<A> wrapConsumer(Consumer<A> consumer) {
		Objects.requireNonNull(consumer, "'consumer' must not be null");
		PersistentMap values = state();
		return (argument) -> runAlone(values, () -> consumer.accept(argument));
	}

	/**
	 * As {@link #wrap(Runnable)}, for a {@link BiConsumer}.
	 * @param <A> the type of the first argument
	 * @param <B> the type of the second argument
	 * @param consumer what to call
	 * @return the wrapped consumer
	 * @throws NullPointerException if the consumer is {@code null}
	 */
	public <A extends @Nullable Object, B extends @Nullable Object> BiConsumer<A, B> wrapBiConsumer(
			BiConsumer<A, B> consumer) {
		Objects.requireNonNull(consumer, "'consumer' must not be null");
		PersistentMap values = state();
		return (first, second) -> runAlone(values, () -> consumer.accept(first, second));
	}

	PersistentMap state() {
		return (PersistentMap) STATE.getAcquire(this);
	}

	@Nullable Object valueOf(ContextVar<?> var) {
		return state().get(var);
	}

	/**
	 * Change the content. Only for the thread that is in this context.
	 * @param state the new content
	 */
	void become(PersistentMap state) {
		STATE.setRelease(this, state);
	}

	/**
	 * Take this context for a thread. Of several threads that try, one gets it.
	 * @param thread the calling thread
	 * @throws IllegalStateException if it is taken
	 */
	void occupy(Thread thread) {
		Thread holder = (Thread) ENTERED_BY.compareAndExchange(this, null, thread);
		if (holder != null) {
			throw new IllegalStateException(
					"Context is already entered by thread '" + holder.getName() + "'; run a copy() of it");
		}
	}

	/**
	 * Give this context back, with all that was set in it.
	 */
	void vacate() {
		ENTERED_BY.setRelease(this, (Thread) null);
	}

	private static void runAlone(PersistentMap values, Runnable task) {
		ThreadStack.<@Nullable Void, RuntimeException>call(new Context(values), false, task, null);
	}

	@SuppressWarnings("NullAway") // null only where R says so
	private static <R extends @Nullable Object, X extends Throwable> R callAlone(PersistentMap values,
			CallableOp<? extends R, X> operation) throws X {
		return ThreadStack.<R, X>call(new Context(values), false, null, operation);
	}

	private static boolean sameEntries(PersistentMap state, Map<?, ?> other) {
		if (other.size() != state.size()) {
			return false;
		}
		for (Map.Entry<ContextVar<?>, @Nullable Object> entry : state.entries()) {
			Object theirs = other.get(entry.getKey());
			if (!Objects.equals(entry.getValue(), theirs) || (theirs == null && !other.containsKey(entry.getKey()))) {
				return false;
			}
		}
		return true;
	}

	/**
	 * A body for {@link #call} that may throw what it declares.
	 *
	 * @param <R> the type of the result
	 * @param <X> the type of the exception
	 */
	@FunctionalInterface
	public interface CallableOp<R extends @Nullable Object, X extends Throwable> {

		/**
		 * Do the work.
		 * @return the result
		 * @throws X if the work fails
		 */
		R call() throws X;

	}

	/**
	 * A context that was entered with {@link #enter()} and is to be left with
	 * {@link #close()}.
	 */
	public interface Scope extends AutoCloseable {

		/**
		 * Leave the context, and every one that was entered above it and not left yet.
		 * Does nothing if it was left already.
		 * @throws IllegalStateException if called by another thread than the one that
		 * entered; nothing changes then
		 */
		@Override
		void close();

	}

}

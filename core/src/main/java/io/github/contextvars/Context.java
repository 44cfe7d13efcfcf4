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
 * Mapping of variables to values that code can run in. Code that runs in a context reads
 * and sets the variables of this context only: a context replaces the outer one, it does
 * not inherit from it.
 *
 * <pre>{@code
 * Context context = new Context();
 * context.run(() -> {
 *     TENANT.set("acme");
 *     assertThat(greeting()).isEqualTo("Hello, acme");
 * });
 *
 * // Outside, nothing changed. The context keeps its values.
 * assertThat(greeting()).isEqualTo("Hello, unknown");
 * assertThat(context.get(TENANT)).isEqualTo("acme");
 *
 * // A copy is independent.
 * Context copy = context.copy();
 * copy.run(() -> TENANT.set("globex"));
 * assertThat(context.get(TENANT)).isEqualTo("acme");
 * }</pre>
 *
 * <p>
 * At most one thread at a time can be in a context. To run on several threads, give each
 * a {@link #copy()}, which costs one small object regardless of the number of variables.
 * All threads can read a context at any time and without a lock, and see one consistent
 * state.
 * <p>
 * As a {@link Map}, a context is read-only; {@link ContextVar#set(Object)} changes the
 * context that the calling thread is in. Its hash code is that of its content, so do not
 * use a context as a key while it can change.
 * <p>
 * This is the {@code Context} of Python's {@code contextvars}
 * (<a href="https://peps.python.org/pep-0567/">PEP 567</a>).
 *
 * @since 0.1.0
 * @see ContextVar
 * @see ContextExecutors
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

	// The thread that is in this context, or null.
	volatile @Nullable Thread enteredBy;

	// While entered, the frame below in the thread's stack: a Context or an EnteredScope.
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
		// For a thread that gets this context by a data race.
		VarHandle.storeStoreFence();
	}

	static void load() {
	}

	/**
	 * Copy the current context of the calling thread. Allocates one object, regardless of
	 * the number of variables.
	 * @return a new context with the same values, which is not entered; an empty one if
	 * the thread is in no context and has no base context
	 * @see #copy()
	 * @see <a href=
	 * "https://docs.python.org/3/library/contextvars.html#contextvars.copy_context">Python's
	 * copy_context()</a>
	 */
	public static Context copyOfCurrent() {
		Context current = ThreadStack.current();
		return (current != null) ? current.copy() : new Context();
	}

	/**
	 * Copy this context. The copy is shallow, is not entered even if this context is, and
	 * is independent of later changes. Allocates one object, regardless of the number of
	 * variables. May be called on any thread, also while another thread is in this
	 * context.
	 * @return a new context with the same values
	 */
	public Context copy() {
		return new Context(state());
	}

	/**
	 * Run a body in this context, on the calling thread. Values that the body sets stay
	 * in this context. When the body ends, normally or with an exception, the thread is
	 * back in the context it was in before. Allocates nothing if the thread is already in
	 * a context.
	 * @param body the body to run
	 * @throws IllegalStateException if this context is already entered, on this or
	 * another thread
	 * @throws NullPointerException if the body is {@code null}
	 * @see #wrap(Runnable)
	 */
	public void run(Runnable body) {
		Objects.requireNonNull(body, "'body' must not be null");
		ThreadStack.<@Nullable Void, RuntimeException>call(this, true, body, null);
	}

	/**
	 * Run a body in this context like {@link #run}, and return its result.
	 * @param <R> the type of the result
	 * @param <X> the type of the checked exception that the body may throw
	 * @param body the body to run
	 * @return the result of the body
	 * @throws X the exception that the body throws, unchanged
	 * @throws IllegalStateException if this context is already entered, on this or
	 * another thread
	 * @throws NullPointerException if the body is {@code null}
	 */
	@SuppressWarnings("NullAway") // null only if R allows it
	public <R extends @Nullable Object, X extends Throwable> R call(CallableOp<? extends R, X> body) throws X {
		Objects.requireNonNull(body, "'body' must not be null");
		return ThreadStack.<R, X>call(this, true, null, body);
	}

	/**
	 * Enter this context until the returned scope is closed. Meant for framework code
	 * that cannot pass a callback; other code uses {@link #run} or {@link #call}.
	 * <p>
	 * If an outer context is left while the scope is still open, this context is left
	 * with it, and the leaked scope is logged as a warning by the {@link System.Logger}
	 * {@code io.github.contextvars}. With the system property
	 * {@code contextvars.trace=true}, the warning has the stack trace of this call.
	 * @return the scope, which the same thread must close
	 * @throws IllegalStateException if this context is already entered, on this or
	 * another thread
	 * @see #leakedScopes()
	 */
	public Scope enter() {
		return ThreadStack.enter(this);
	}

	/**
	 * Set the handler that is called before a variable is set outside any context. It is
	 * called with the variable, on the thread that sets it, before that thread gets a
	 * base context, and not for what the thread sets there later. What the handler throws
	 * reaches the caller of {@link ContextVar#set(Object)}, and nothing is set. The
	 * handler runs in a new context: it may read and set variables without being called
	 * again, and what it sets is discarded.
	 * @param handler the handler for the whole JVM, which replaces the one before;
	 * {@code null} for none, which is the default
	 * @see #onGetOutside
	 */
	public static void onSetOutside(@Nullable Consumer<? super ContextVar<?>> handler) {
		OutsideHandlers.onSet(handler);
	}

	/**
	 * Set the handler that is called before a variable is read outside any context: with
	 * the variable, on the thread that reads it, before each {@link ContextVar#get()
	 * get()} and {@link ContextVar#get(Object) get(fallback)} while that thread is in no
	 * context and has no base context. So a value that did not reach a thread can be
	 * noticed instead of being replaced by the default. What the handler throws reaches
	 * the reader. The handler runs in a new context: it may read and set variables
	 * without being called again, and what it sets is discarded.
	 * <p>
	 * {@link #copyOfCurrent()} and the methods of a context do not count as reads.
	 * Reading and setting in a context cost the same with and without a handler.
	 * @param handler the handler for the whole JVM, which replaces the one before;
	 * {@code null} for none, which is the default
	 * @see #onSetOutside
	 */
	public static void onGetOutside(@Nullable Consumer<? super ContextVar<?>> handler) {
		OutsideHandlers.onGet(handler);
	}

	/**
	 * Set the handler that sends something along with each context that a
	 * {@link ContextFuture} or an executor or thread factory of {@link ContextExecutors}
	 * hands over as a copy, such as the {@link ThreadLocal}s of other libraries. It is
	 * called on the thread that hands over. What it returns is called for each run, on
	 * the thread that runs and inside the copy; that thread closes the scope afterwards.
	 * What the handler throws reaches the code that hands over, and what is thrown later
	 * fails the run.
	 * <p>
	 * The functions that {@link #wrap(Runnable)} and its siblings return bring values
	 * only. A hand-over costs one volatile read more than without this method.
	 * @param handler the handler for the whole JVM, which replaces the one before;
	 * {@code null} for none, which is the default
	 */
	public static void onHandOver(@Nullable Supplier<? extends Supplier<? extends Scope>> handler) {
		HandOver.onHandOver(handler);
	}

	/**
	 * Return the number of contexts that the calling thread has entered and not left. A
	 * base context does not count. The time grows with the number.
	 * @return the number of contexts; 0 outside any context
	 */
	public static int depth() {
		return ThreadStack.depth();
	}

	/**
	 * Return the number of leaked scopes, those that were not closed before an outer
	 * context was left. Counts those of all threads since the library was loaded.
	 * @return the number of leaked scopes, which never decreases
	 * @see #enter()
	 */
	public static long leakedScopes() {
		return ThreadStack.leakedScopes();
	}

	/**
	 * Return the value of a variable in this context. The variable's default value is
	 * ignored. Like all methods that read a context, may be called on any thread.
	 * @param <T> the type of the value
	 * @param var the variable
	 * @return the value, or {@code null} if there is none
	 * @throws NullPointerException if the variable is {@code null}
	 */
	public <T extends @Nullable Object> @Nullable T get(ContextVar<T> var) {
		return this.<T>getOrDefault(var, null);
	}

	/**
	 * Return the value of a variable in this context, or throw an exception if there is
	 * none, as Python's {@code ctx[var]} does. The variable's default value is ignored.
	 * @param <T> the type of the value
	 * @param var the variable
	 * @return the value, which is {@code null} only if the variable was set to that
	 * @throws NoSuchElementException if the variable has no value in this context
	 * @throws NullPointerException if the variable is {@code null}
	 */
	@SuppressWarnings({ "unchecked", "NullAway" }) // null only if T allows it
	public <T extends @Nullable Object> T getOrThrow(ContextVar<T> var) {
		Object value = valueOf(Objects.requireNonNull(var, "'var' must not be null"));
		if (value == PersistentMap.ABSENT) {
			throw new NoSuchElementException("'" + var.name() + "' has no value in this context");
		}
		return (T) value;
	}

	/**
	 * Return the value of a variable in this context, or {@code fallback} if there is
	 * none. The variable's default value is ignored.
	 * @param <T> the type of the value
	 * @param var the variable
	 * @param fallback what to return if there is no value, which may be {@code null}
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
	 * Return whether the other object is a map with the same variables and equal values.
	 * Calls {@code equals()} of values that are not identical.
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
			return false; // a map that cannot hold such keys, as in AbstractMap
		}
	}

	@Override
	public int hashCode() {
		return super.hashCode();
	}

	/**
	 * Return a string that contains the names of the variables that have a value in this
	 * context, and never a value.
	 */
	@Override
	public String toString() {
		return keySet().stream().map(ContextVar::name).collect(Collectors.joining(", ", "Context[", "]"));
	}

	/**
	 * Wrap a task so that each run of it takes place in a fresh copy of this context's
	 * present values. The wrapped task can run on any thread, any number of times and on
	 * several threads at once. What one run sets, neither this context nor another run
	 * sees.
	 * @param task the task to wrap
	 * @return the wrapped task
	 * @throws NullPointerException if the task is {@code null}
	 * @see ContextExecutors
	 */
	public Runnable wrap(Runnable task) {
		Objects.requireNonNull(task, "'task' must not be null");
		PersistentMap values = state();
		return () -> runAlone(values, task);
	}

	/**
	 * Wrap a {@link Callable} like {@link #wrap(Runnable)}.
	 * @param <V> the type of the result
	 * @param task the task to wrap
	 * @return the wrapped task
	 * @throws NullPointerException if the task is {@code null}
	 */
	public <V extends @Nullable Object> Callable<V> wrapCallable(Callable<V> task) {
		Objects.requireNonNull(task, "'task' must not be null");
		PersistentMap values = state();
		return () -> Context.<V, Exception>callAlone(values, task::call);
	}

	/**
	 * Wrap a {@link Supplier} like {@link #wrap(Runnable)}.
	 * @param <V> the type of the result
	 * @param supplier the supplier to wrap
	 * @return the wrapped supplier
	 * @throws NullPointerException if the supplier is {@code null}
	 */
	public <V extends @Nullable Object> Supplier<V> wrapSupplier(Supplier<V> supplier) {
		Objects.requireNonNull(supplier, "'supplier' must not be null");
		PersistentMap values = state();
		return () -> Context.<V, RuntimeException>callAlone(values, supplier::get);
	}

	/**
	 * Wrap a {@link Function} like {@link #wrap(Runnable)}.
	 * @param <A> the type of the argument
	 * @param <R> the type of the result
	 * @param function the function to wrap
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
	 * Wrap a {@link BiFunction} like {@link #wrap(Runnable)}.
	 * @param <A> the type of the first argument
	 * @param <B> the type of the second argument
	 * @param <R> the type of the result
	 * @param function the function to wrap
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
	 * Wrap a {@link Consumer} like {@link #wrap(Runnable)}.
	 * @param <A> the type of the argument
	 * @param consumer the consumer to wrap
	 * @return the wrapped consumer
	 * @throws NullPointerException if the consumer is {@code null}
	 */
	public <A extends @Nullable Object> Consumer<A> wrapConsumer(Consumer<A> consumer) {
		Objects.requireNonNull(consumer, "'consumer' must not be null");
		PersistentMap values = state();
		return (argument) -> runAlone(values, () -> consumer.accept(argument));
	}

	/**
	 * Wrap a {@link BiConsumer} like {@link #wrap(Runnable)}.
	 * @param <A> the type of the first argument
	 * @param <B> the type of the second argument
	 * @param consumer the consumer to wrap
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
	 * Set the content. Only for the thread that is in this context.
	 * @param state the new content
	 */
	void setState(PersistentMap state) {
		STATE.setRelease(this, state);
	}

	/**
	 * Acquire this context for a thread. Of several threads that try, one succeeds.
	 * @param thread the calling thread
	 * @throws IllegalStateException if a thread has acquired this context
	 */
	void acquire(Thread thread) {
		Thread holder = (Thread) ENTERED_BY.compareAndExchange(this, null, thread);
		if (holder != null) {
			throw new IllegalStateException(
					"Context is already entered by thread '" + holder.getName() + "'; run a copy() of it");
		}
	}

	/**
	 * Release this context, so that the next thread to acquire it sees all that was set.
	 */
	void release() {
		ENTERED_BY.setRelease(this, (Thread) null);
	}

	private static void runAlone(PersistentMap values, Runnable task) {
		ThreadStack.<@Nullable Void, RuntimeException>call(new Context(values), false, task, null);
	}

	@SuppressWarnings("NullAway") // null only if R allows it
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
	 * Body for {@link #call}, which returns a result and may throw a checked exception.
	 *
	 * @param <R> the type of the result
	 * @param <X> the type of the exception
	 * @since 0.1.0
	 */
	@FunctionalInterface
	public interface CallableOp<R extends @Nullable Object, X extends Throwable> {

		/**
		 * Run the body.
		 * @return the result
		 * @throws X if the body fails
		 */
		R call() throws X;

	}

	/**
	 * Handle that {@link Context#enter()} returns, to leave the context again.
	 *
	 * @since 0.1.0
	 */
	public interface Scope extends AutoCloseable {

		/**
		 * Leave the context, and each context that was entered after it and not left yet.
		 * Does nothing if the context was already left.
		 * @throws IllegalStateException if the calling thread is not the one that entered
		 * the context; then nothing changes
		 */
		@Override
		void close();

	}

}

package io.github.contextvars;

import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;

/**
 * Variable whose value depends on the {@link Context} that it is read in. A variable is
 * declared once, in a static field. Code that runs in a context reads and sets the value
 * of that context.
 *
 * <pre>{@code
 * static final ContextVar<String> TENANT = ContextVar.of("tenant", "unknown");
 *
 * static String greeting() {
 *     return "Hello, " + TENANT.get();
 * }
 * }</pre>
 *
 * <p>
 * All methods may be called on any thread, and work on the context that is current on the
 * calling thread. Variables are compared by identity: two variables with the same name
 * are two variables. No method of this class calls a method of a value.
 * <p>
 * This is the {@code ContextVar} of Python's {@code contextvars}
 * (<a href="https://peps.python.org/pep-0567/">PEP 567</a>).
 *
 * @param <T> the type of the value; {@code null} is a value like any other
 * @since 0.1.0
 * @see Context
 * @see Token
 * @see <a href=
 * "https://docs.python.org/3/library/contextvars.html#contextvars.ContextVar">Python's
 * ContextVar</a>
 */
public final class ContextVar<T extends @Nullable Object> {

	private static final AtomicLong IDS = new AtomicLong();

	static {
		Context.load();
	}

	// Dense and never reused: the variable's place in every PersistentMap.
	final long id = IDS.getAndIncrement();

	private final String name;

	private final @Nullable Object defaultValue;

	private ContextVar(String name, @Nullable Object defaultValue) {
		this.name = Objects.requireNonNull(name, "'name' must not be null");
		this.defaultValue = defaultValue;
	}

	/**
	 * Create a variable without a default value. Reading it in a context where it is not
	 * set throws an exception.
	 * @param <T> the type of the value
	 * @param name the name for messages and listings, which need not be unique
	 * @return a new variable
	 * @throws NullPointerException if the name is {@code null}
	 */
	public static <T extends @Nullable Object> ContextVar<T> of(String name) {
		return new ContextVar<>(name, PersistentMap.ABSENT);
	}

	/**
	 * Create a variable with a default value, which is returned in a context where the
	 * variable is not set.
	 * @param <T> the type of the value
	 * @param name the name for messages and listings, which need not be unique
	 * @param defaultValue the default value, which may be {@code null}
	 * @return a new variable
	 * @throws NullPointerException if the name is {@code null}
	 */
	public static <T extends @Nullable Object> ContextVar<T> of(String name, T defaultValue) {
		return new ContextVar<>(name, defaultValue);
	}

	/**
	 * Return the name of this variable.
	 * @return the name that the variable was created with
	 */
	public String name() {
		return this.name;
	}

	/**
	 * Return the value in the current context, or the default value if the variable is
	 * not set there. Takes a few nanoseconds, regardless of the number of variables, and
	 * allocates nothing while the thread is in a context.
	 * @return the value or the default value
	 * @throws NoSuchElementException if the variable is not set and has no default value
	 * @see Context#onGetOutside
	 */
	public T get() {
		Object value = lookUp();
		if (value == PersistentMap.ABSENT) {
			value = this.defaultValue;
			if (value == PersistentMap.ABSENT) {
				throw new NoSuchElementException("'" + this.name + "' has no value in this context and no default");
			}
		}
		return cast(value);
	}

	/**
	 * Return the value in the current context, or {@code fallback} if the variable is not
	 * set there. The variable's default value is ignored. Costs the same as
	 * {@link #get()}.
	 * @param fallback what to return if the variable is not set, which may be
	 * {@code null}
	 * @return the value or {@code fallback}
	 * @see Context#onGetOutside
	 */
	public T get(T fallback) {
		Object value = lookUp();
		return (value != PersistentMap.ABSENT) ? cast(value) : fallback;
	}

	/**
	 * Set the value in the current context. Copies that were taken of the context before
	 * do not change.
	 * <p>
	 * On a thread that is in no context, this creates a base context, which lives as long
	 * as the thread: values in it leak to the next task of a pooled thread. An
	 * application can forbid that with {@link Context#onSetOutside}.
	 * <p>
	 * Allocates a token and a small map, regardless of the number of variables; if
	 * another variable was set since, also the path to one entry. The previous value may
	 * stay reachable until another variable is set. Setting {@code null} releases it at
	 * once.
	 * @param value the value; {@code null} is a value like any other
	 * @return the token that restores the previous value
	 * @see #reset(Token)
	 */
	public Token<T> set(T value) {
		Context context = ThreadStack.currentOrBase(this);
		// All that is allocated is allocated before anything changes: an OutOfMemoryError
		// must not leave half a change behind.
		PersistentMap before = context.state().prepareFor(this);
		PersistentMap after = before.with(this, value);
		Token<T> token = new Token<>(this, context, before, after);
		context.setState(after);
		return token;
	}

	/**
	 * Restore the value that the variable had before the {@link #set} that returned the
	 * token. The current context must be the one that the variable was set in; it may
	 * have moved to another thread since. Tokens may be used in any order. If this method
	 * throws an exception, nothing has changed and the token can still be used.
	 * @param token the token that {@link #set} returned
	 * @throws IllegalStateException if the token was already used
	 * @throws IllegalArgumentException if the token is of another variable, or if the
	 * variable was set in another context than the current one
	 * @throws NullPointerException if the token is {@code null}
	 */
	public void reset(Token<T> token) {
		Objects.requireNonNull(token, "'token' must not be null").restore(this);
	}

	/**
	 * Return a string that contains the variable's name, and never a value.
	 */
	@Override
	public String toString() {
		return "ContextVar[" + this.name + "]";
	}

	private @Nullable Object lookUp() {
		Context context = ThreadStack.current();
		if (context == null) {
			OutsideHandlers.beforeGet(this);
			return PersistentMap.ABSENT;
		}
		return context.valueOf(this);
	}

	@SuppressWarnings({ "unchecked", "NullAway" })
	private T cast(@Nullable Object value) {
		return (T) value;
	}

}

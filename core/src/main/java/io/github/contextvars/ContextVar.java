package io.github.contextvars;

import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;

/**
 * A variable whose value depends on the context that reads it. Declare it once, in a
 * static field; whatever runs in a context sees that context's value.
 *
 * {@snippet file = "io/github/contextvars/ExamplesTests.java" region = "declare"}
 *
 * <p>
 * Every method may be called on any thread, and each works on the {@link Context} that is
 * current there. Variables compare by identity: two variables of one name are two
 * variables. No method calls into a value.
 *
 * @param <T> the type of the value; {@code null} is a value like any other
 * @see <a href=
 * "https://docs.python.org/3/library/contextvars.html#contextvars.ContextVar">Python's
 * ContextVar</a>
 */
public final class ContextVar<T extends @Nullable Object> {

	private static final AtomicLong IDS = new AtomicLong();

	static {
		Context.load();
	}

	// Dense, never reused: this variable's place in every PersistentMap.
	final long id = IDS.getAndIncrement();

	private final String name;

	private final @Nullable Object defaultValue;

	private ContextVar(String name, @Nullable Object defaultValue) {
		this.name = Objects.requireNonNull(name, "'name' must not be null");
		this.defaultValue = defaultValue;
	}

	/**
	 * Declare a variable without a default: reading it where it was not set throws.
	 * @param <T> the type of the value
	 * @param name the name to show in messages and listings; need not be unique
	 * @return a new variable
	 * @throws NullPointerException if the name is {@code null}
	 */
	public static <T extends @Nullable Object> ContextVar<T> of(String name) {
		return new ContextVar<>(name, PersistentMap.ABSENT);
	}

	/**
	 * Declare a variable that reads as {@code defaultValue} where it was not set.
	 * @param <T> the type of the value
	 * @param name the name to show in messages and listings; need not be unique
	 * @param defaultValue the default; {@code null} is a default
	 * @return a new variable
	 * @throws NullPointerException if the name is {@code null}
	 */
	public static <T extends @Nullable Object> ContextVar<T> of(String name, T defaultValue) {
		return new ContextVar<>(name, defaultValue);
	}

	/**
	 * Return the name that the variable was declared with.
	 * @return the name
	 */
	public String name() {
		return this.name;
	}

	/**
	 * Return the value in the current context, else the default. Takes the same few
	 * nanoseconds whatever the number of variables, and allocates nothing while the
	 * thread is in a context.
	 * @return the value or the default
	 * @throws NoSuchElementException if there is neither
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
	 * Return the value in the current context, else {@code fallback}: the variable's own
	 * default does not count.
	 * @param fallback what to return where the variable was not set, even {@code null}
	 * @return the value or {@code fallback}
	 */
	public T get(T fallback) {
		Object value = lookUp();
		return (value != PersistentMap.ABSENT) ? cast(value) : fallback;
	}

	/**
	 * Set the value in the current context. A thread that entered no context gets a base
	 * context for this, which lives as long as the thread; see
	 * {@link Context#onSetOutside}. Copies of the context that were taken before don't
	 * change. Costs one token and one small map, whatever the number of variables, and
	 * the path to one entry if another variable was set since. The value that was there
	 * before may stay reachable until another variable is set; not after setting
	 * {@code null}.
	 * @param value the value; {@code null} is a value like any other
	 * @return what restores the value that was there before
	 */
	public Token<T> set(T value) {
		Context context = ThreadStack.currentOrBase(this);
		// Token and maps are made before anything changes, for an OutOfMemoryError's
		// sake.
		PersistentMap before = context.state().readyFor(this);
		PersistentMap after = before.with(this, value);
		Token<T> token = new Token<>(this, context, before, after);
		context.become(after);
		return token;
	}

	/**
	 * Put back what the variable held before the {@link #set} that made the token. Tokens
	 * may be used in any order, by whichever thread runs in the token's context. A reset
	 * that fails changes nothing, and the token stays good.
	 * @param token what {@link #set} returned
	 * @throws IllegalStateException if the token was used already
	 * @throws IllegalArgumentException if another variable made the token, or if it was
	 * made in another context than the current one
	 * @throws NullPointerException if the token is {@code null}
	 */
	public void reset(Token<T> token) {
		Objects.requireNonNull(token, "'token' must not be null").restore(this);
	}

	/**
	 * Return the variable's name in brackets; never its value.
	 */
	@Override
	public String toString() {
		return "ContextVar[" + this.name + "]";
	}

	private @Nullable Object lookUp() {
		Context context = ThreadStack.current();
		return (context != null) ? context.valueOf(this) : PersistentMap.ABSENT;
	}

	@SuppressWarnings({ "unchecked", "NullAway" })
	private T cast(@Nullable Object value) {
		return (T) value;
	}

}

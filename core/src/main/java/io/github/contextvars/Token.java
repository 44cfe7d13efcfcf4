package io.github.contextvars;

import org.jspecify.annotations.Nullable;

/**
 * What {@link ContextVar#set} returns: it restores the variable, once. In a
 * try-with-resources statement the value holds for the block.
 *
 * {@snippet file = "io/github/contextvars/ExamplesTests.java" region = "token"}
 *
 * <p>
 * A token belongs to the context that it was made in, not to a thread. It keeps that
 * context reachable until it is used, and the values that were in it then.
 *
 * @param <T> the type of the variable's value
 * @see <a href=
 * "https://docs.python.org/3/library/contextvars.html#contextvars.Token">Python's
 * Token</a>
 */
public final class Token<T extends @Nullable Object> implements AutoCloseable {

	/**
	 * Stands for "no value" in {@link #oldValue()}.
	 */
	public static final Object MISSING = new Object() {

		@Override
		public String toString() {
			return "<Token.MISSING>";
		}

	};

	private final ContextVar<T> var;

	private final @Nullable Object oldValue;

	// Null once the token was used. Needs no fence, nor do the maps: only the thread that
	// is in the context gets past the checks, and contexts change hands through a fence.
	private @Nullable Context context;

	// The context's state before set(), and after: while it is still that, going back is
	// cheap.
	private PersistentMap before;

	private PersistentMap after;

	Token(ContextVar<T> var, Context context, PersistentMap before, PersistentMap after) {
		this.var = var;
		this.context = context;
		this.before = before;
		this.after = after;
		this.oldValue = before.get(var);
	}

	/**
	 * Return the variable that made this token.
	 * @return the variable
	 */
	public ContextVar<T> var() {
		return this.var;
	}

	/**
	 * Return what the variable held before the {@code set()} that made this token.
	 * @return the value, or {@link #MISSING} if it had none; never the default
	 */
	public @Nullable Object oldValue() {
		return (this.oldValue != PersistentMap.ABSENT) ? this.oldValue : MISSING;
	}

	/**
	 * Reset the variable: the same as {@code var().reset(this)}.
	 * @throws IllegalStateException if this token was used already
	 * @throws IllegalArgumentException if it was made in another context than the current
	 * one
	 */
	@Override
	public void close() {
		restore(this.var);
	}

	/**
	 * Return the variable's name, and whether the token was used; never a value.
	 */
	@Override
	public String toString() {
		return "Token[" + this.var.name() + ((this.context != null) ? "]" : ", used]");
	}

	@SuppressWarnings("ReferenceEquality") // contexts are equal by content
	void restore(ContextVar<?> by) {
		Context home = this.context;
		if (home == null) {
			throw new IllegalStateException(
					"Token of '" + this.var.name() + "' was already used; each set() gives a token for one reset()");
		}
		if (by != this.var) {
			throw new IllegalArgumentException("Token of '" + this.var.name() + "' was made by another variable than '"
					+ by.name() + "'; reset the variable that made it");
		}
		if (home != ThreadStack.current()) {
			throw new IllegalArgumentException(
					"Token of '" + this.var.name() + "' was made in another context; reset it where it was set");
		}
		PersistentMap state = home.state();
		if (state == this.after) {
			state = this.before;
		}
		else {
			state = (this.oldValue != PersistentMap.ABSENT) ? state.with(this.var, this.oldValue)
					: state.without(this.var);
		}
		home.become(state);
		this.context = null;
		this.before = PersistentMap.EMPTY;
		this.after = PersistentMap.EMPTY;
	}

}

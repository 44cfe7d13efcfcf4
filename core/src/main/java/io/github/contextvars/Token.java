package io.github.contextvars;

import org.jspecify.annotations.Nullable;

/**
 * Handle that {@link ContextVar#set} returns, to restore the variable's previous value
 * once. In a try-with-resources statement, the variable keeps the new value until the end
 * of the block.
 *
 * <pre>{@code
 * TENANT.set("acme");
 * try (Token<String> token = TENANT.set("globex")) {
 *     assertThat(TENANT.get()).isEqualTo("globex");
 *     assertThat(token.oldValue()).isEqualTo("acme");
 * }
 * assertThat(TENANT.get()).isEqualTo("acme");
 * }</pre>
 *
 * <p>
 * A token belongs to the context in which the variable was set, not to a thread. Until it
 * is used, it keeps that context reachable, and the values that the context had then.
 * <p>
 * This is the {@code Token} of Python's {@code contextvars}
 * (<a href="https://peps.python.org/pep-0567/">PEP 567</a>).
 *
 * @param <T> the type of the variable's value
 * @since 0.1.0
 * @see ContextVar#reset(Token)
 * @see <a href=
 * "https://docs.python.org/3/library/contextvars.html#contextvars.Token">Python's
 * Token</a>
 */
public final class Token<T extends @Nullable Object> implements AutoCloseable {

	/**
	 * Marker that {@link #oldValue()} returns if the variable had no value.
	 */
	public static final Object MISSING = new Object() {

		@Override
		public String toString() {
			return "<Token.MISSING>";
		}

	};

	private final ContextVar<T> var;

	private final @Nullable Object oldValue;

	// Null once the token was used. Neither this field nor the maps need a fence: only
	// the
	// thread that is in the context passes the checks, and a context changes threads
	// through a fence.
	private @Nullable Context context;

	// The context's state before and after set(). As long as the state is the one after,
	// restoring the one before is a single write.
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
	 * Return the variable that this token restores.
	 * @return the variable
	 */
	public ContextVar<T> var() {
		return this.var;
	}

	/**
	 * Return the value that the variable had before the {@code set()} that returned this
	 * token. May be called on any thread, also after the token was used.
	 * @return the value, or {@link #MISSING} if there was none; never the variable's
	 * default value
	 */
	public @Nullable Object oldValue() {
		return (this.oldValue != PersistentMap.ABSENT) ? this.oldValue : MISSING;
	}

	/**
	 * Restore the variable's previous value, as {@link ContextVar#reset(Token)
	 * var().reset(this)} does.
	 * @throws IllegalStateException if this token was already used
	 * @throws IllegalArgumentException if the variable was set in another context than
	 * the current one
	 */
	@Override
	public void close() {
		restore(this.var);
	}

	/**
	 * Return a string that contains the variable's name and whether the token was used,
	 * and never a value.
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
		home.setState(state);
		this.context = null;
		this.before = PersistentMap.EMPTY;
		this.after = PersistentMap.EMPTY;
	}

}

package io.github.contextvars.spring.threadlocal;

import java.util.NoSuchElementException;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

/**
 * {@link ThreadLocal} whose value is that of a context variable, for code that has not
 * been moved to the variable yet. A thread that enters a context sees the variable's
 * value there, and when it leaves the context what it saw before. Readers and writers of
 * both agree at any time.
 * <p>
 * May be used on any thread. Reading costs what reading the variable costs.
 *
 * @param <T> the type of the value
 * @since 0.1.0
 * @see ContextVar
 */
public final class ContextThreadLocal<T extends @Nullable Object> extends ThreadLocal<T> {

	private final ContextVar<T> variable;

	private final T initial;

	private ContextThreadLocal(ContextVar<T> variable, T initial) {
		this.variable = variable;
		this.initial = initial;
	}

	/**
	 * Create a {@code ThreadLocal} that follows a variable. Its initial value is the
	 * variable's default, or {@code null} if there is none.
	 * @param <T> the type of the value
	 * @param variable the variable
	 * @return a new {@code ThreadLocal}
	 */
	@SuppressWarnings("NullAway") // null is what a ThreadLocal returns that was not set
	public static <T extends @Nullable Object> ContextThreadLocal<T> of(ContextVar<T> variable) {
		T initial = new Context().call(() -> {
			try {
				return variable.get();
			}
			catch (NoSuchElementException ex) {
				return null;
			}
		});
		return new ContextThreadLocal<>(variable, initial);
	}

	/**
	 * Return the variable's value in the current context.
	 * @return the value, or the initial value if the variable is not set there
	 */
	@Override
	public T get() {
		return this.variable.get(this.initial);
	}

	/**
	 * Set the variable in the current context. The value ends with the context.
	 * @param value the value
	 * @throws IllegalStateException if the thread is in no context, unless the
	 * application allows that
	 */
	@Override
	public void set(T value) {
		this.variable.set(value);
	}

	/**
	 * Set the variable to the initial value. Does nothing on a thread that is in no
	 * context.
	 */
	@Override
	public void remove() {
		if (Context.depth() > 0) {
			this.variable.set(this.initial);
		}
	}

}

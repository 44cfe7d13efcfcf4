package io.github.contextvars.spring.fill;

import java.util.HashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.Token;

/**
 * What the library has set in the context of one unit of work. A source may replace what
 * a weaker one has set, and never what the application has set. Used by the thread that
 * is in the context.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
public final class FilledValues {

	private static final Object UNSET = new Object();

	private final Map<ContextVar<?>, Filled> filled = new HashMap<>();

	/**
	 * Set a variable of the current context, unless the application or a stronger source
	 * has set it.
	 * @param variable the variable
	 * @param value the value, of the variable's type
	 * @param source where the value comes from
	 */
	@SuppressWarnings({ "unchecked", "ReferenceEquality" }) // the type is checked; it is
															// this very value
	public void set(ContextVar<?> variable, Object value, Source source) {
		ContextVar<@Nullable Object> typed = (ContextVar<@Nullable Object>) variable;
		Object current = Context.copyOfCurrent().getOrDefault(typed, UNSET);
		Filled before = this.filled.get(variable);
		boolean own = before != null && before.value() == current && before.source().compareTo(source) <= 0;
		if (current == UNSET || own) {
			Token<?> token = typed.set(value);
			this.filled.put(variable, new Filled(value, source, (own && before != null) ? before.token() : token));
		}
	}

	/**
	 * Remove what the library itself has set a variable of the current context to.
	 * @param variable the variable
	 * @return whether the variable has no value of the library
	 */
	@SuppressWarnings({ "unchecked", "ReferenceEquality" })
	boolean remove(ContextVar<?> variable) {
		ContextVar<@Nullable Object> typed = (ContextVar<@Nullable Object>) variable;
		Filled before = this.filled.remove(variable);
		if (before == null || before.value() != Context.copyOfCurrent().getOrDefault(typed, UNSET)) {
			return true;
		}
		try {
			typed.reset((Token<@Nullable Object>) before.token());
			return true;
		}
		catch (IllegalArgumentException | IllegalStateException ex) {
			// It was set in the context that this one is a copy of.
			return false;
		}
	}

	/**
	 * Return whether a variable has a value in the current context.
	 * @param variable the variable
	 * @return whether anything has set it
	 */
	@SuppressWarnings({ "unchecked", "ReferenceEquality" })
	static boolean isSet(ContextVar<?> variable) {
		return Context.copyOfCurrent().getOrDefault((ContextVar<@Nullable Object>) variable, UNSET) != UNSET;
	}

	/**
	 * Where a value comes from, the weakest first.
	 */
	public enum Source {

		/**
		 * Another process has sent the variable.
		 */
		RECEIVED,

		/**
		 * The header of a request.
		 */
		HEADER,

		/**
		 * The authenticated user.
		 */
		PRINCIPAL

	}

	private record Filled(Object value, Source source, Token<?> token) {

	}

}

package io.github.contextvars.test;

import java.util.Objects;

import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

/**
 * AssertJ assertion about a {@link Context}.
 *
 * @since 0.1.0
 * @see ContextAssertions
 */
public final class ContextAssert extends AbstractAssert<ContextAssert, Context> {

	private static final Object UNSET = new Object();

	ContextAssert(Context actual) {
		super(actual, ContextAssert.class);
	}

	/**
	 * Verify that a variable is set to a value.
	 * @param <T> the type of the value
	 * @param variable the variable
	 * @param expected the value
	 * @return this assertion
	 * @throws AssertionError if it has another value, or none but its default
	 */
	public <T extends @Nullable Object> ContextAssert hasValue(ContextVar<T> variable, T expected) {
		isNotNull();
		Object value = valueOf(variable);
		if (value == UNSET) {
			failWithMessage("Expected the variable '%s' to be set to <%s>, and it is not set", variable.name(),
					expected);
		}
		if (!Objects.equals(value, expected)) {
			failWithMessage("Expected the variable '%s' to be set to <%s>, and it is set to <%s>", variable.name(),
					expected, value);
		}
		return this;
	}

	/**
	 * Verify that a variable is not set: it has its default, or no value.
	 * @param variable the variable
	 * @return this assertion
	 * @throws AssertionError if it is set
	 */
	public ContextAssert doesNotHave(ContextVar<?> variable) {
		isNotNull();
		Object value = valueOf(variable);
		if (value != UNSET) {
			failWithMessage("Expected the variable '%s' not to be set, and it is set to <%s>", variable.name(), value);
		}
		return this;
	}

	/**
	 * Verify that no variable is set.
	 * @return this assertion
	 * @throws AssertionError if one is set
	 */
	public ContextAssert isEmpty() {
		isNotNull();
		if (!this.actual.isEmpty()) {
			failWithMessage("Expected no variable to be set, and set are %s", this.actual);
		}
		return this;
	}

	private @Nullable Object valueOf(ContextVar<?> variable) {
		return this.actual.getOrDefault((Object) variable, UNSET);
	}

}

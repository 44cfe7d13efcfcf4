package io.github.contextvars.spring.fill;

/**
 * Thrown when a request or a call brings a value that a variable cannot be filled with.
 * The message names the header or claim, and never shows the value.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
public final class RejectedValueException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	RejectedValueException(String message) {
		super(message);
	}

}

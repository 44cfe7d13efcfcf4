package io.github.contextvars.spring.declare;

/**
 * Says that a declaration of a context variable cannot be right; the application does not
 * start.
 */
public final class InvalidContextVariableException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final String action;

	InvalidContextVariableException(String description, String action) {
		super(description);
		this.action = action;
	}

	/**
	 * Return what to do about it.
	 * @return a sentence for the developer
	 */
	public String action() {
		return this.action;
	}

}

package io.github.contextvars.spring.registry;

/**
 * Thrown on startup when an annotation of this library is invalid.
 *
 * @since 0.1.0
 */
public final class InvalidDeclarationException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final String action;

	/**
	 * Create an exception.
	 * @param description what is wrong, and where
	 * @param action how to correct it
	 */
	public InvalidDeclarationException(String description, String action) {
		super(description);
		this.action = action;
	}

	/**
	 * Return how to correct the annotation.
	 * @return a sentence for the developer
	 */
	public String action() {
		return this.action;
	}

}

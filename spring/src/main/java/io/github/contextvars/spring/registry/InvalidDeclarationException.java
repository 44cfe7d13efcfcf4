package io.github.contextvars.spring.registry;

/**
 * Says that an annotation of this library cannot mean what it says; the application does
 * not start.
 */
public final class InvalidDeclarationException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final String action;

	/**
	 * Create an exception.
	 * @param description what is wrong, and where
	 * @param action what to do about it
	 */
	public InvalidDeclarationException(String description, String action) {
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

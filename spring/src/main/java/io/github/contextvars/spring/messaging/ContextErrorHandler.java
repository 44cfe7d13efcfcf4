package io.github.contextvars.spring.messaging;

import java.util.function.Supplier;

import org.springframework.util.ErrorHandler;

/**
 * {@link ErrorHandler} that is called in the context of the message that has failed.
 */
final class ContextErrorHandler implements ErrorHandler {

	private final ErrorHandler delegate;

	private final Supplier<String> origin;

	private final MessageContexts contexts;

	/**
	 * Create an error handler.
	 * @param delegate the application's or the container's error handler
	 * @param origin what messages are received from
	 * @param contexts the contexts of messages
	 */
	ContextErrorHandler(ErrorHandler delegate, Supplier<String> origin, MessageContexts contexts) {
		this.delegate = delegate;
		this.origin = origin;
		this.contexts = contexts;
	}

	@Override
	public void handleError(Throwable error) {
		this.contexts.handleError(error, this.origin, () -> this.delegate.handleError(error));
	}

}

package io.github.contextvars.spring.messaging;

import java.util.Objects;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.work.ThreadBoundScope;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * The contexts of messages whose container calls a listener, and its error handler
 * afterwards, on the same thread. May be used on any thread.
 */
final class MessageContexts {

	private final Supplier<WorkRegistry> workRegistry;

	private final ThreadBoundScope received = new ThreadBoundScope();

	private final ThreadBoundScope receivedBatch = new ThreadBoundScope();

	@SuppressWarnings("ThreadLocalUsage") // one for each application and framework
	private final ThreadLocal<@Nullable UnitOfWork> failed = new ThreadLocal<>();

	/**
	 * Create the contexts of an application's messages.
	 * @param workRegistry enters the contexts; asked for at the first message
	 */
	MessageContexts(Supplier<WorkRegistry> workRegistry) {
		this.workRegistry = workRegistry;
	}

	/**
	 * Enter a message's context before it is handled, for what the container calls before
	 * the listener. That of a message that was not handled is left.
	 * @param origin what the message was received from
	 * @param batch whether the message may be handled in several parts
	 */
	void receive(Supplier<String> origin, boolean batch) {
		leave();
		(batch ? this.receivedBatch : this.received).open(this.workRegistry.get(), create(origin));
	}

	/**
	 * Return whether the message that was received may be handled in several parts.
	 * @return whether it is a batch, which was not handled yet
	 */
	boolean isBatch() {
		return this.receivedBatch.current() != null;
	}

	/**
	 * Handle a message in its context: that which was entered when it was received, or a
	 * new one. The context is kept for the error handler if the message fails.
	 * @param <R> the type of the result
	 * @param <X> the type of the exception that handling may throw
	 * @param origin what the message was received from
	 * @param handling handles the message
	 * @return the result
	 * @throws X if handling throws it
	 */
	<R extends @Nullable Object, X extends Throwable> R handle(Supplier<String> origin, Handling<R, X> handling)
			throws X {
		UnitOfWork unit = leave();
		return call((unit != null) ? unit : create(origin), handling);
	}

	/**
	 * Handle a part of a batch in a copy of the context that was entered when the batch
	 * was received. It is left after the last part, and after one that fails.
	 * @param <R> the type of the result
	 * @param <X> the type of the exception that handling may throw
	 * @param origin what the message was received from
	 * @param last whether it is the last part
	 * @param handling handles the part
	 * @return the result
	 * @throws X if handling throws it
	 */
	<R extends @Nullable Object, X extends Throwable> R handlePart(Supplier<String> origin, boolean last,
			Handling<R, X> handling) throws X {
		UnitOfWork batch = Objects.requireNonNull(this.receivedBatch.current());
		boolean over = true;
		try {
			R result = call(this.workRegistry.get().capture(batch, UnitOfWork.Kind.MESSAGE, origin).create(), handling);
			over = last;
			return result;
		}
		finally {
			if (over) {
				this.receivedBatch.close();
			}
		}
	}

	/**
	 * Call an error handler in the context of the message that has failed.
	 * @param handler the error handler
	 */
	void handleError(Runnable handler) {
		UnitOfWork unit = this.failed.get();
		UnitOfWork unhandled = leave();
		if (unit == null) {
			unit = unhandled;
		}
		if (unit != null) {
			this.workRegistry.get().run(unit, handler);
		}
		else {
			handler.run();
		}
	}

	private @Nullable UnitOfWork leave() {
		this.failed.remove();
		UnitOfWork batch = this.receivedBatch.close();
		UnitOfWork whole = this.received.close();
		return (whole != null) ? whole : batch;
	}

	private <R extends @Nullable Object, X extends Throwable> R call(UnitOfWork unit, Handling<R, X> handling)
			throws X {
		this.failed.set(unit);
		R result = this.workRegistry.get().<R, X>call(unit, handling::call);
		this.failed.remove();
		return result;
	}

	private UnitOfWork create(Supplier<String> origin) {
		return this.workRegistry.get().create(UnitOfWork.Kind.MESSAGE, origin);
	}

	/**
	 * Handling of a message.
	 *
	 * @param <R> the type of the result
	 * @param <X> the type of the exception that it may throw
	 */
	@FunctionalInterface
	interface Handling<R extends @Nullable Object, X extends Throwable> {

		R call() throws X;

	}

}

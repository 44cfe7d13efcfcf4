package io.github.contextvars.spring.messaging;

import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * The contexts of messages whose container makes several calls for each of them on the
 * same thread: post-processors, the listener, the error handler. Each call is a block of
 * its own. Between two of them a thread is in no context, so that none stays on it if the
 * next one does not come. May be used on any thread.
 */
final class MessageContexts {

	private final Supplier<WorkRegistry> workRegistry;

	private final Supplier<@Nullable RemoteReceiver> receiver;

	@SuppressWarnings("ThreadLocalUsage") // one for each application and framework
	private final ThreadLocal<@Nullable Received> received = new ThreadLocal<>();

	@SuppressWarnings("ThreadLocalUsage") // one for each application and framework
	private final ThreadLocal<@Nullable Failed> failed = new ThreadLocal<>();

	/**
	 * Create the contexts of an application's messages.
	 * @param workRegistry enters the contexts; asked for at the first message
	 * @param receiver sets variables that another process has sent, if any
	 */
	MessageContexts(Supplier<WorkRegistry> workRegistry, Supplier<@Nullable RemoteReceiver> receiver) {
		this.workRegistry = workRegistry;
		this.receiver = receiver;
	}

	/**
	 * Set variables that another process has sent with a message. Called inside the
	 * context of the message.
	 * @param transport how it came
	 * @param message the message
	 * @param headers finds the values of a header in it
	 */
	void receiveVariables(String transport, Object message, Function<String, List<String>> headers) {
		RemoteReceiver present = this.receiver.get();
		if (present != null) {
			present.receive(transport, null, message, headers, new FilledValues());
		}
	}

	/**
	 * Process a message in a context of its own before it is handled.
	 * @param <R> the type of the result
	 * @param origin what the message was received from
	 * @param batch whether the message may be handled in several parts
	 * @param processing processes the message
	 * @return the result
	 */
	<R extends @Nullable Object> R receive(Supplier<String> origin, boolean batch,
			Handling<R, RuntimeException> processing) {
		this.received.remove();
		UnitOfWork unit = create(origin);
		R result = call(unit, processing);
		this.received.set(new Received(unit, batch));
		return result;
	}

	/**
	 * Return whether the next message to be handled was processed when it was received.
	 * @return whether it has a context
	 */
	boolean isReceived() {
		return this.received.get() != null;
	}

	/**
	 * Forget what was processed when it was received, and begin anew with what is handled
	 * next.
	 */
	void forgetReceived() {
		this.received.remove();
	}

	/**
	 * Return whether the message that was received may be handled in several parts.
	 * @return whether it is a batch, which was not handled to its end yet
	 */
	boolean isBatch() {
		Received present = this.received.get();
		return present != null && present.batch();
	}

	/**
	 * Handle a message in its context: that in which it was processed when it was
	 * received, or a new one.
	 * @param <R> the type of the result
	 * @param <X> the type of the exception that handling may throw
	 * @param origin what the message was received from
	 * @param handling handles the message
	 * @return the result
	 * @throws X if handling throws it
	 */
	<R extends @Nullable Object, X extends Throwable> R handle(Supplier<String> origin, Handling<R, X> handling)
			throws X {
		Received present = this.received.get();
		this.received.remove();
		return call((present != null) ? present.unit() : create(origin), handling);
	}

	/**
	 * Handle a part of a batch in a copy of the context in which the batch was processed
	 * when it was received.
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
		UnitOfWork batch = Objects.requireNonNull(this.received.get()).unit();
		if (last) {
			this.received.remove();
		}
		return call(this.workRegistry.get().capture(batch, UnitOfWork.Kind.MESSAGE, origin).create(), handling);
	}

	/**
	 * Call an error handler in the context of the message that has failed, or in an empty
	 * one if what it is called for came from none.
	 * @param error what the error handler is called for
	 * @param origin what the message was received from
	 * @param handler calls the error handler
	 */
	void handleError(Throwable error, Supplier<String> origin, Runnable handler) {
		UnitOfWork unit = failed(error, origin);
		this.failed.remove();
		this.received.remove();
		this.workRegistry.get().run(unit, handler);
	}

	/**
	 * Ask an error handler about a message that has failed, in the context of that
	 * message, before the handler is called for it or the message is handled again.
	 * @param error what the error handler is asked about
	 * @param origin what the message was received from
	 * @param question asks the error handler
	 * @return the answer
	 */
	boolean askAboutError(Throwable error, Supplier<String> origin, Handling<Boolean, RuntimeException> question) {
		return this.workRegistry.get().<Boolean, RuntimeException>call(failed(error, origin), question::call);
	}

	// A container may pass the cause of what a listener has thrown.
	@SuppressWarnings("ReferenceEquality") // another error is another message's
	private UnitOfWork failed(Throwable error, Supplier<String> origin) {
		Failed last = this.failed.get();
		boolean same = last != null && (last.error() == error || last.error().getCause() == error);
		return same ? last.unit() : create(origin);
	}

	private <R extends @Nullable Object, X extends Throwable> R call(UnitOfWork unit, Handling<R, X> handling)
			throws X {
		this.failed.remove();
		try {
			WorkRegistry registry = this.workRegistry.get();
			return registry.<R, X>call(unit, () -> {
				try {
					return handling.call();
				}
				finally {
					registry.saveThreadLocals(unit);
				}
			});
		}
		catch (Throwable ex) {
			this.failed.set(new Failed(unit, ex));
			throw ex;
		}
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

	private record Received(UnitOfWork unit, boolean batch) {

	}

	private record Failed(UnitOfWork unit, Throwable error) {

	}

}

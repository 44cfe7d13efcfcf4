package io.github.contextvars.spring.integration;

import java.util.concurrent.Executor;
import java.util.function.Supplier;

import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.integration.support.context.NamedComponent;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.util.ErrorHandler;

import io.github.contextvars.Context;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * The contexts of messages. A poll begins with an empty context, and goes on in a copy of
 * the sender's if the message that it receives brings one.
 */
final class MessageContexts {

	private final Supplier<WorkRegistry> workRegistry;

	@SuppressWarnings("ThreadLocalUsage") // one for each application
	private final ThreadLocal<@Nullable Poll> polls = new ThreadLocal<>();

	/**
	 * Create the contexts of an application's messages.
	 * @param workRegistry enters the contexts; asked for at the first message
	 */
	MessageContexts(Supplier<WorkRegistry> workRegistry) {
		this.workRegistry = workRegistry;
	}

	/**
	 * Receive and handle one message in a context of its own.
	 * @param invocation what receives and handles it
	 * @param origin what polls
	 * @param awaitsMessage whether the message is announced by {@link #receive}, and is
	 * the unit of work then; otherwise the poll is
	 * @return the invocation's result
	 * @throws Throwable if the invocation fails
	 */
	@Nullable Object poll(MethodInvocation invocation, Supplier<String> origin, boolean awaitsMessage) throws Throwable {
		Poll outer = this.polls.get();
		Poll poll = new Poll(origin, awaitsMessage);
		try {
			this.polls.set(poll);
			poll.scope = awaitsMessage ? this.workRegistry.get().enter(poll.context) : enter(unitOf(poll));
			return invocation.proceed();
		}
		finally {
			if (outer != null) {
				this.polls.set(outer);
			}
			else {
				this.polls.remove();
			}
			poll.leave();
		}
	}

	/**
	 * Go on in the context of the message that was received. Only the first message of a
	 * poll is what the poll is about: what a handler receives itself is not.
	 * @param message the message, as it was in the channel
	 */
	void receive(Message<?> message) {
		Poll poll = this.polls.get();
		if (poll != null && poll.awaitsMessage) {
			poll.awaitsMessage = false;
			WorkSnapshot snapshot = MessageWithContext.snapshotOf(message);
			UnitOfWork unit = (snapshot != null) ? snapshot.create() : continued(poll);
			poll.leave();
			poll.scope = enter(unit);
		}
	}

	/**
	 * Have a message bring the calling thread's values.
	 * @param message the message
	 * @param channel what it is sent to
	 * @return the message to put into the channel
	 */
	Message<?> withContext(Message<?> message, MessageChannel channel) {
		return new MessageWithContext(message,
				this.workRegistry.get().capture(UnitOfWork.Kind.MESSAGE, originOf(channel)));
	}

	/**
	 * Return what messages come from.
	 * @param channel the channel
	 * @return a description with its name
	 */
	static Supplier<String> originOf(MessageChannel channel) {
		return () -> "channel " + ((channel instanceof NamedComponent named) ? named.getComponentName() : channel);
	}

	/**
	 * Have a task run in a copy of the calling thread's context.
	 * @param task the task, which handles a message
	 * @param channel what the message is sent to
	 * @return the task to submit
	 */
	Runnable withContext(Runnable task, MessageChannel channel) {
		return this.workRegistry.get().capture(UnitOfWork.Kind.MESSAGE, originOf(channel)).wrap(task);
	}

	/**
	 * Return an error handler that begins with an empty context.
	 * @param handler the error handler
	 * @param channel what the message was sent to
	 * @return the error handler to call outside any context
	 */
	ErrorHandler beginning(ErrorHandler handler, MessageChannel channel) {
		return (error) -> {
			WorkRegistry registry = this.workRegistry.get();
			registry.run(registry.create(UnitOfWork.Kind.MESSAGE, originOf(channel)), () -> handler.handleError(error));
		};
	}

	/**
	 * Return an executor whose tasks run in copies of their submitters' contexts, also if
	 * the one that it delegates to is no bean.
	 * @param executor the executor
	 * @param kind what the tasks are
	 * @param origin what submits them
	 * @return the propagating executor
	 */
	Executor propagating(Executor executor, UnitOfWork.Kind kind, Supplier<String> origin) {
		return (task) -> executor.execute(this.workRegistry.get().capture(kind, origin).wrap(task));
	}

	private Context.Scope enter(UnitOfWork unit) {
		return this.workRegistry.get().enter(unit);
	}

	private UnitOfWork unitOf(Poll poll) {
		return this.workRegistry.get().create(UnitOfWork.Kind.MESSAGE, poll.origin, null, poll.context);
	}

	private UnitOfWork continued(Poll poll) {
		UnitOfWork unit = unitOf(poll);
		this.workRegistry.get().saveThreadLocals(unit);
		return unit;
	}

	private static final class Poll {

		private final Context context = new Context();

		private final Supplier<String> origin;

		private boolean awaitsMessage;

		private Context.@Nullable Scope scope;

		private Poll(Supplier<String> origin, boolean awaitsMessage) {
			this.origin = origin;
			this.awaitsMessage = awaitsMessage;
		}

		private void leave() {
			Context.Scope present = this.scope;
			if (present != null) {
				this.scope = null;
				present.close();
			}
		}

	}

}

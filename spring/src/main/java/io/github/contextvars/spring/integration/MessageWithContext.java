package io.github.contextvars.spring.integration;

import org.jspecify.annotations.Nullable;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageHeaders;

import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * {@link Message} on its way through a channel, together with what its sender's context
 * was. It is neither serializable nor meant to be stored.
 */
final class MessageWithContext implements Message<Object> {

	private final Message<?> message;

	private final WorkSnapshot snapshot;

	/**
	 * Create a message that brings its sender's values.
	 * @param message the message; taken out if it is such a message itself
	 * @param snapshot the sender's values
	 */
	MessageWithContext(Message<?> message, WorkSnapshot snapshot) {
		this.message = messageOf(message);
		this.snapshot = snapshot;
	}

	/**
	 * Return what was sent.
	 * @param message any message
	 * @return the message without the values
	 */
	static Message<?> messageOf(Message<?> message) {
		return (message instanceof MessageWithContext wrapper) ? wrapper.message : message;
	}

	/**
	 * Return the values that a message brings.
	 * @param message any message
	 * @return the sender's values, or {@code null} if it brings none
	 */
	static @Nullable WorkSnapshot snapshotOf(Message<?> message) {
		return (message instanceof MessageWithContext wrapper) ? wrapper.snapshot : null;
	}

	@Override
	public Object getPayload() {
		return this.message.getPayload();
	}

	@Override
	public MessageHeaders getHeaders() {
		return this.message.getHeaders();
	}

	@Override
	public String toString() {
		return this.message.toString();
	}

}

package io.github.contextvars.spring.integration;

import java.util.Queue;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.integration.channel.QueueChannel;
import org.springframework.integration.channel.interceptor.VetoCapableInterceptor;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.messaging.support.InterceptableChannel;

/**
 * {@link ChannelInterceptor} that has messages bring their senders' values through queues
 * in memory. It is the last one when a message is sent, so that what others set is
 * brought, too, and none of them replaces the message afterwards.
 *
 * @see ReceivingContextInterceptor
 */
final class SendingContextInterceptor implements ChannelInterceptor, VetoCapableInterceptor {

	static final String QUEUE = "queue";

	private final MessageContexts contexts;

	/**
	 * Create an interceptor.
	 * @param contexts the contexts of messages
	 */
	SendingContextInterceptor(MessageContexts contexts) {
		this.contexts = contexts;
	}

	/**
	 * Return whether a channel holds messages in a queue of the JDK. Other queues, such
	 * as those of message stores, may serialize what they hold.
	 * @param channel the channel
	 * @return whether messages may bring values
	 */
	static boolean holdsMessagesInMemory(InterceptableChannel channel) {
		return channel instanceof QueueChannel
				&& new DirectFieldAccessor(channel).getPropertyValue(QUEUE) instanceof Queue<?> queue
				&& queue.getClass().getClassLoader() == null;
	}

	@Override
	public boolean shouldIntercept(String name, InterceptableChannel channel) {
		return holdsMessagesInMemory(channel);
	}

	@Override
	public Message<?> preSend(Message<?> message, MessageChannel channel) {
		return this.contexts.withContext(message, channel);
	}

}

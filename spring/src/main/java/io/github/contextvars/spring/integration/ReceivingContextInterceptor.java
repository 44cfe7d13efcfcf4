package io.github.contextvars.spring.integration;

import org.springframework.integration.channel.interceptor.VetoCapableInterceptor;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.messaging.support.InterceptableChannel;

/**
 * {@link ChannelInterceptor} that takes the senders' values out of messages, and enters
 * them where an endpoint handles the message. It is the first one when a message is
 * received, so that others see the message as it was sent, and the values.
 *
 * @see SendingContextInterceptor
 */
final class ReceivingContextInterceptor implements ChannelInterceptor, VetoCapableInterceptor {

	private final MessageContexts contexts;

	/**
	 * Create an interceptor.
	 * @param contexts the contexts of messages
	 */
	ReceivingContextInterceptor(MessageContexts contexts) {
		this.contexts = contexts;
	}

	/**
	 * Return whether such an interceptor is called by a channel.
	 * @param channel the channel, or a proxy of it
	 * @return whether messages that are received there are announced
	 */
	static boolean isIn(MessageChannel channel) {
		return channel instanceof InterceptableChannel interceptable
				&& interceptable.getInterceptors().stream().anyMatch(ReceivingContextInterceptor.class::isInstance);
	}

	@Override
	public boolean shouldIntercept(String name, InterceptableChannel channel) {
		return SendingContextInterceptor.holdsMessagesInMemory(channel);
	}

	@Override
	public Message<?> postReceive(Message<?> message, MessageChannel channel) {
		this.contexts.receive(message);
		return MessageWithContext.messageOf(message);
	}

}

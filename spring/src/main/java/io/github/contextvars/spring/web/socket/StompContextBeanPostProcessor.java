package io.github.contextvars.spring.web.socket;

import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageType;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.messaging.support.InterceptableChannel;

/**
 * Bean post-processor that enters the right context for each STOMP frame, before all
 * other interceptors of the inbound channel.
 */
final class StompContextBeanPostProcessor implements BeanPostProcessor {

	private static final String INBOUND_CHANNEL = "clientInboundChannel";

	private final WebSocketSessionContexts contexts;

	/**
	 * Create a post-processor.
	 * @param contexts the contexts of the sessions
	 */
	StompContextBeanPostProcessor(WebSocketSessionContexts contexts) {
		this.contexts = contexts;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof InterceptableChannel channel && name.equals(INBOUND_CHANNEL)) {
			channel.addInterceptor(0, new FrameInterceptor(this.contexts));
			channel.addInterceptor(new UserInterceptor(this.contexts));
		}
		return bean;
	}

	private static boolean isConnecting(Message<?> message) {
		return SimpMessageHeaderAccessor.getMessageType(message.getHeaders()) == SimpMessageType.CONNECT;
	}

	private static final class FrameInterceptor implements ChannelInterceptor {

		private final WebSocketSessionContexts contexts;

		private FrameInterceptor(WebSocketSessionContexts contexts) {
			this.contexts = contexts;
		}

		@Override
		public Message<?> preSend(Message<?> message, MessageChannel channel) {
			Map<String, Object> attributes = SimpMessageHeaderAccessor.getSessionAttributes(message.getHeaders());
			if (attributes != null) {
				this.contexts.beforeFrame(attributes, isConnecting(message));
			}
			return message;
		}

		// Called whatever the other interceptors do.
		@Override
		public void afterSendCompletion(Message<?> message, MessageChannel channel, boolean sent,
				@Nullable Exception ex) {
			Map<String, Object> attributes = SimpMessageHeaderAccessor.getSessionAttributes(message.getHeaders());
			if (attributes != null) {
				this.contexts.afterFrame(attributes, isConnecting(message));
			}
		}

	}

	/**
	 * Behind the interceptors that authenticate the user. What it throws rejects the
	 * session.
	 */
	private static final class UserInterceptor implements ChannelInterceptor {

		private final WebSocketSessionContexts contexts;

		private UserInterceptor(WebSocketSessionContexts contexts) {
			this.contexts = contexts;
		}

		@Override
		public Message<?> preSend(Message<?> message, MessageChannel channel) {
			Map<String, Object> attributes = SimpMessageHeaderAccessor.getSessionAttributes(message.getHeaders());
			if (attributes != null && isConnecting(message)) {
				this.contexts.fill(attributes, SimpMessageHeaderAccessor.getUser(message.getHeaders()));
			}
			return message;
		}

	}

}

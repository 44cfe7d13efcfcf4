package io.github.contextvars.spring.web.socket;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.handler.invocation.HandlerMethodArgumentResolver;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageType;
import org.springframework.messaging.simp.annotation.support.SimpAnnotationMethodMessageHandler;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.messaging.support.InterceptableChannel;

import io.github.contextvars.spring.messaging.FromContextArgumentResolver;

/**
 * Bean post-processor that enters the right context for each STOMP frame, before all
 * other interceptors of the inbound channel, and binds
 * {@link io.github.contextvars.spring.annotation.FromContext @FromContext} parameters of
 * the methods that handle them.
 */
final class StompContextBeanPostProcessor implements BeanPostProcessor {

	private static final String INBOUND_CHANNEL = "clientInboundChannel";

	private final WebSocketSessionContexts contexts;

	private final Supplier<FromContextArgumentResolver> resolver;

	/**
	 * Create a post-processor.
	 * @param contexts the contexts of the sessions
	 * @param resolver the resolver; asked for when it is needed, as post-processors are
	 * created before most beans
	 */
	StompContextBeanPostProcessor(WebSocketSessionContexts contexts, Supplier<FromContextArgumentResolver> resolver) {
		this.contexts = contexts;
		this.resolver = resolver;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof InterceptableChannel channel && name.equals(INBOUND_CHANNEL)) {
			channel.addInterceptor(0, new FrameInterceptor(this.contexts));
		}
		else if (bean instanceof SimpAnnotationMethodMessageHandler handler) {
			// Before Spring's own, which would bind a Principal whatever its annotation.
			List<HandlerMethodArgumentResolver> resolvers = FromContextArgumentResolver.first(this.resolver.get(),
					handler.getArgumentResolvers());
			// Adds, unless there are none.
			handler.setArgumentResolvers(null);
			handler.setArgumentResolvers(resolvers);
		}
		return bean;
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

		private static boolean isConnecting(Message<?> message) {
			return SimpMessageHeaderAccessor.getMessageType(message.getHeaders()) == SimpMessageType.CONNECT;
		}

	}

}

package io.github.contextvars.spring.stress;

import java.util.List;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.MessageHandler;
import org.springframework.messaging.handler.annotation.MessageExceptionHandler;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageType;
import org.springframework.messaging.simp.SimpMessagingTemplate;
import org.springframework.messaging.simp.config.ChannelRegistration;
import org.springframework.messaging.simp.config.MessageBrokerRegistry;
import org.springframework.messaging.support.ExecutorChannelInterceptor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.stereotype.Controller;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;
import org.springframework.web.socket.server.standard.StandardWebSocketUpgradeStrategy;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;

import io.github.contextvars.spring.testing.WorkerProbe;

/**
 * Application whose STOMP sessions have the id of their user, and whose messages may have
 * a step, and which compares what its hooks see with what the frame says.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@EnableWebSocketMessageBroker
class StompLoadApplication {

	static final String USER = "user";

	static final String STEP = "step";

	static final String FAILS = "fails";

	static final String SUBSCRIBED = "subscribed";

	@Bean
	ViolationLog log() {
		return new ViolationLog();
	}

	@Bean
	ThreadPoolTaskExecutor inbound(WorkerProbe.Threads threads) {
		ThreadPoolTaskExecutor inbound = new ThreadPoolTaskExecutor();
		inbound.setThreadFactory(threads);
		inbound.setCorePoolSize(4);
		return inbound;
	}

	@Bean
	Broker broker(ViolationLog log, ThreadPoolTaskExecutor inbound,
			@Value("${tests.preserve-order}") boolean preserveOrder) {
		return new Broker(log, inbound, preserveOrder);
	}

	private static String header(Message<?> message, String name) {
		return SimpMessageHeaderAccessor.wrap(message).getFirstNativeHeader(name);
	}

	private static boolean isMeasured(Message<?> message) {
		return "/chat".equals(SimpMessageHeaderAccessor.getDestination(message.getHeaders()));
	}

	record Broker(ViolationLog log, ThreadPoolTaskExecutor inbound,
			boolean preserveOrder) implements WebSocketMessageBrokerConfigurer, ExecutorChannelInterceptor {

		@Override
		public void registerStompEndpoints(StompEndpointRegistry registry) {
			registry.setPreserveReceiveOrder(this.preserveOrder);
			registry.addEndpoint("/stomp")
				.setHandshakeHandler(new DefaultHandshakeHandler(new StandardWebSocketUpgradeStrategy()));
		}

		@Override
		public void configureMessageBroker(MessageBrokerRegistry registry) {
			registry.enableSimpleBroker("/topic");
		}

		@Override
		public void configureClientInboundChannel(ChannelRegistration registration) {
			registration.executor(this.inbound);
			registration.interceptors(this);
		}

		@Override
		public Message<?> preSend(Message<?> message, MessageChannel channel) {
			SimpMessageType type = SimpMessageHeaderAccessor.getMessageType(message.getHeaders());
			if (type == SimpMessageType.CONNECT) {
				this.log.count("connect");
				this.log.expectNothing("connect");
				ViolationLog.ID.set(header(message, USER));
			}
			else if (isMeasured(message)) {
				this.log.count("preSend");
				this.log.expect("preSend", header(message, USER), null);
				String step = header(message, STEP);
				if (step != null) {
					ViolationLog.STEP.set(step);
				}
			}
			return message;
		}

		@Override
		public Message<?> beforeHandle(Message<?> message, MessageChannel channel, MessageHandler handler) {
			if (isMeasured(message)) {
				this.log.count("beforeHandle");
				this.log.expect("beforeHandle", header(message, USER), header(message, STEP));
			}
			return message;
		}

	}

	@Controller
	static final class Chat {

		static final List<String> HOOKS = List.of("connect", "preSend", "beforeHandle", "handler", "failed");

		private final ViolationLog log;

		private final SimpMessagingTemplate template;

		Chat(ViolationLog log, SimpMessagingTemplate template) {
			this.log = log;
			this.template = template;
		}

		@MessageMapping("/chat")
		void chat(Message<?> message) {
			see("handler", message);
			if (header(message, FAILS) != null) {
				throw new IllegalStateException("planned");
			}
			answer(message);
		}

		@MessageMapping("/probe")
		void probe(@Payload String user) {
			this.template.convertAndSend("/topic/" + user, SUBSCRIBED);
		}

		@MessageExceptionHandler
		void failed(IllegalStateException ex, Message<?> message) {
			see("failed", message);
			answer(message);
		}

		private void see(String hook, Message<?> message) {
			this.log.count(hook);
			this.log.expect(hook, header(message, USER), header(message, STEP));
		}

		private void answer(Message<?> message) {
			this.template.convertAndSend("/topic/" + header(message, USER), ViolationLog.ID.get("no id"));
			ViolationLog.ID.set("left behind");
			ViolationLog.STEP.set("left behind");
		}

	}

}

package io.github.contextvars.spring.web.socket;

import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.servlet.ServletWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.MessageHandler;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.MessageExceptionHandler;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageType;
import org.springframework.messaging.simp.config.ChannelRegistration;
import org.springframework.messaging.simp.config.MessageBrokerRegistry;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.messaging.support.ExecutorChannelInterceptor;
import org.springframework.stereotype.Controller;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;
import org.springframework.web.socket.handler.TextWebSocketHandler;
import org.springframework.web.socket.messaging.SessionConnectEvent;
import org.springframework.web.socket.messaging.SessionConnectedEvent;
import org.springframework.web.socket.messaging.SessionDisconnectEvent;
import org.springframework.web.socket.server.HandshakeHandler;
import org.springframework.web.socket.server.standard.StandardWebSocketUpgradeStrategy;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.MixedWork;

/**
 * A chat whose sessions have a user, from the handshake's header or the CONNECT frame's,
 * and whose messages may have a tenant.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@EnableWebSocket
@EnableWebSocketMessageBroker
class SocketApplication {

	static final ContextVar<String> USER = ContextVar.of("user", "-");

	@Bean
	@ContextVariable
	ContextVar<String> user() {
		return USER;
	}

	@Bean
	@ContextVariable
	ContextVar<String> tenant() {
		return MixedWork.TENANT;
	}

	@Bean
	Filter userFilter() {
		return (request, response, chain) -> {
			String user = ((HttpServletRequest) request).getHeader("X-User");
			if (user != null) {
				USER.set(user);
			}
			chain.doFilter(request, response);
		};
	}

	@Bean
	MixedWork work() {
		return new MixedWork();
	}

	@Bean
	Sessions sessions() {
		return new Sessions();
	}

	// By default the one of Jetty, if Jetty is on the class path.
	@Bean
	HandshakeHandler handshakeHandler(ServletWebServerFactory server) {
		return (server instanceof TomcatServletWebServerFactory)
				? new DefaultHandshakeHandler(new StandardWebSocketUpgradeStrategy()) : new DefaultHandshakeHandler();
	}

	@Bean
	WebSocketConfigurer webSocketConfigurer(MixedWork work, Sessions sessions, HandshakeHandler handshakeHandler) {
		return (registry) -> {
			registry.addHandler(new RawHandler(work, sessions), "/raw").setHandshakeHandler(handshakeHandler);
			registry.addHandler(new RawHandler(work, sessions), "/raw-sockjs")
				.setHandshakeHandler(handshakeHandler)
				.withSockJS();
		};
	}

	@Bean
	Broker broker(MixedWork work, Sessions sessions, HandshakeHandler handshakeHandler,
			@Value("${tests.preserve-order:false}") boolean preserveOrder) {
		return new Broker(work, sessions, handshakeHandler, preserveOrder);
	}

	/**
	 * What was seen at the beginning and at the end of sessions.
	 */
	static final class Sessions {

		private final Queue<String> seen = new ConcurrentLinkedQueue<>();

		void see(String hook) {
			this.seen.add(hook + " " + USER.get() + " " + MixedWork.TENANT.get());
		}

		Queue<String> seen() {
			return this.seen;
		}

	}

	/**
	 * Messages are {@code id}, {@code id:tenant}, or {@code bye}.
	 */
	static final class RawHandler extends TextWebSocketHandler {

		private final MixedWork work;

		private final Sessions sessions;

		RawHandler(MixedWork work, Sessions sessions) {
			this.work = work;
			this.sessions = sessions;
		}

		@Override
		public void afterConnectionEstablished(WebSocketSession session) {
			this.sessions.see("established");
			USER.set(USER.get() + "@" + session.getUri().getPath().split("/")[1]);
		}

		@Override
		protected void handleTextMessage(WebSocketSession session, TextMessage message) throws Exception {
			String[] parts = message.getPayload().split(":");
			if (parts[0].equals("bye")) {
				session.close();
				return;
			}
			this.work.begin(parts[0], USER.get(), (parts.length > 1) ? parts[1] : null);
			this.work.end(parts[0], USER.get());
			USER.set("left by " + parts[0]);
			session.sendMessage(new TextMessage(parts[0]));
			if (parts[0].equals("fails")) {
				throw new IllegalStateException("planned");
			}
		}

		@Override
		public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
			this.sessions.see("closed");
		}

	}

	/**
	 * A broker in memory whose interceptors set the user and the tenant.
	 */
	static final class Broker implements WebSocketMessageBrokerConfigurer {

		private final MixedWork work;

		private final Sessions sessions;

		private final HandshakeHandler handshakeHandler;

		private final boolean preserveOrder;

		Broker(MixedWork work, Sessions sessions, HandshakeHandler handshakeHandler, boolean preserveOrder) {
			this.work = work;
			this.sessions = sessions;
			this.handshakeHandler = handshakeHandler;
			this.preserveOrder = preserveOrder;
		}

		@Override
		public void registerStompEndpoints(StompEndpointRegistry registry) {
			registry.setPreserveReceiveOrder(this.preserveOrder);
			registry.addEndpoint("/stomp").setHandshakeHandler(this.handshakeHandler);
			registry.addEndpoint("/stomp-sockjs").setHandshakeHandler(this.handshakeHandler).withSockJS();
		}

		@Override
		public void configureMessageBroker(MessageBrokerRegistry registry) {
			registry.enableSimpleBroker("/topic");
		}

		@Override
		public void configureClientInboundChannel(ChannelRegistration registration) {
			registration.interceptors(new ExecutorChannelInterceptor() {

				@Override
				public Message<?> preSend(Message<?> message, MessageChannel channel) {
					SimpMessageType type = SimpMessageHeaderAccessor.getMessageType(message.getHeaders());
					SimpMessageHeaderAccessor headers = SimpMessageHeaderAccessor.wrap(message);
					if (type == SimpMessageType.CONNECT) {
						Broker.this.sessions.see("connect");
						USER.set(USER.get() + "/" + headers.getFirstNativeHeader("login"));
					}
					else if (type == SimpMessageType.MESSAGE) {
						Broker.this.work.begin(idOf(message), "preSend " + USER.get(),
								headers.getFirstNativeHeader("tenant"));
					}
					return message;
				}

				@Override
				public Message<?> beforeHandle(Message<?> message, MessageChannel channel, MessageHandler handler) {
					if (handler.toString().startsWith("WebSocketAnnotationMethodMessageHandler")
							&& SimpMessageHeaderAccessor
								.getMessageType(message.getHeaders()) == SimpMessageType.MESSAGE) {
						Broker.this.work.see(idOf(message), "beforeHandle " + USER.get());
					}
					return message;
				}

			});
		}

		@Override
		public void configureClientOutboundChannel(ChannelRegistration registration) {
			registration.interceptors(new ChannelInterceptor() {

				@Override
				public Message<?> preSend(Message<?> message, MessageChannel channel) {
					if (SimpMessageHeaderAccessor.getMessageType(message.getHeaders()) == SimpMessageType.MESSAGE) {
						Broker.this.work.see(idOf(message), "outbound " + USER.get());
					}
					return message;
				}

			});
		}

		private static String idOf(Message<?> message) {
			return new String((byte[]) message.getPayload());
		}

	}

	/**
	 * Answers each message to all.
	 */
	@Controller
	static final class Chat {

		private final MixedWork work;

		private final Sessions sessions;

		Chat(MixedWork work, Sessions sessions) {
			this.work = work;
			this.sessions = sessions;
		}

		@MessageMapping("/chat")
		@SendTo("/topic/chat")
		String chat(@Payload String id, @FromContext("user") String user, @FromContext("tenant") String tenant,
				@Header("nativeHeaders") Map<String, ?> headers) {
			this.work.see(id, "handler " + user + " " + tenant);
			if (headers.containsKey("fails")) {
				throw new IllegalStateException(id);
			}
			return id;
		}

		@MessageExceptionHandler
		@SendTo("/topic/chat")
		String failed(IllegalStateException ex, @FromContext("user") String user) {
			this.work.see(ex.getMessage(), "failed " + user);
			return ex.getMessage();
		}

		@EventListener
		void connecting(SessionConnectEvent event) {
			this.sessions.see("connecting");
		}

		@EventListener
		void connected(SessionConnectedEvent event) {
			this.sessions.see("connected");
		}

		@EventListener
		void disconnected(SessionDisconnectEvent event) {
			this.sessions.see("disconnected");
		}

	}

}

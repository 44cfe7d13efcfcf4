package io.github.contextvars.spring;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.handler.TextWebSocketHandler;
import org.springframework.web.socket.server.standard.StandardWebSocketUpgradeStrategy;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

/**
 * An application with one of each entry point, which prints what each has seen.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class EntryPointApplication {

	@ContextVariable
	static final ContextVar<String> USER = ContextVar.of("user", "-");

	public static void main(String[] arguments) throws Exception {
		SpringApplication application = new SpringApplication(EntryPointApplication.class);
		application.setDefaultProperties(Map.of("server.port", "0", "server.shutdown", "immediate", "tests.frameworks",
				"websocket", "management.endpoints.web.exposure.include", "contextvars"));
		try (ConfigurableApplicationContext context = application.run()) {
			String port = context.getEnvironment().getRequiredProperty("local.server.port");
			System.out.println("WebSocket: " + sendWebSocket(URI.create("ws://localhost:" + port + "/socket")));
		}
	}

	@Bean
	static Filter userFilter() {
		return (request, response, chain) -> {
			USER.set(((HttpServletRequest) request).getHeader("X-User"));
			chain.doFilter(request, response);
		};
	}

	private static String sendWebSocket(URI uri) throws Exception {
		CompletableFuture<String> answer = new CompletableFuture<>();
		HttpClient.newHttpClient()
			.newWebSocketBuilder()
			.header("X-User", "alice")
			.buildAsync(uri, new WebSocket.Listener() {

				@Override
				public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
					answer.complete(text.toString());
					return null;
				}

			})
			.thenAccept((socket) -> socket.sendText("hello", true));
		return answer.get(30, TimeUnit.SECONDS);
	}

	/**
	 * {@link Configuration @Configuration} for WebSocket.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableWebSocket
	static class Sockets {

		@Bean
		static WebSocketHandler socketHandler() {
			return new TextWebSocketHandler() {

				@Override
				protected void handleTextMessage(WebSocketSession session, TextMessage message) throws Exception {
					session.sendMessage(new TextMessage(USER.get() + " " + message.getPayload()));
				}

			};
		}

		@Bean
		static WebSocketConfigurer webSocketConfigurer(WebSocketHandler socketHandler) {
			return (registry) -> registry.addHandler(socketHandler, "/socket")
				.setHandshakeHandler(new DefaultHandshakeHandler(new StandardWebSocketUpgradeStrategy()));
		}

	}

}

package io.github.contextvars.spring.fill;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.grpc.server.GlobalServerInterceptor;
import org.springframework.grpc.server.security.AuthenticationProcessInterceptor;
import org.springframework.grpc.server.security.GrpcSecurity;
import org.springframework.grpc.server.service.GrpcService;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.simp.annotation.SubscribeMapping;
import org.springframework.messaging.simp.config.ChannelRegistration;
import org.springframework.messaging.simp.config.MessageBrokerRegistry;
import org.springframework.messaging.simp.stomp.StompCommand;
import org.springframework.messaging.simp.stomp.StompHeaderAccessor;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.messaging.support.MessageHeaderAccessor;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.config.Customizer;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.stereotype.Controller;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;
import org.springframework.web.socket.server.standard.StandardWebSocketUpgradeStrategy;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.TextMarshaller;
import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Variables that users of WebSocket sessions and gRPC calls fill.
 */
class UserFillTests {

	@Test
	void userOfConnectFrameFillsTheSession() throws Exception {
		try (WebApp app = WebApp.start(Frames.class, "tests.frameworks=websocket",
				"contextvars.fill.user.principal=true", "contextvars.fill.tenant.header=X-Tenant",
				"contextvars.thread-locals=mdc")) {
			assertThat(answers(app, "ada")).containsExactly("ada of acme, checked ada, logged ada");
			assertThat(answers(app, "bob")).containsExactly("bob of acme, checked bob, logged bob");
			assertThat(answers(app, null)).containsExactly("- of acme, checked -, logged null");
		}
	}

	@Test
	void sessionOfRejectedUserIsClosed() throws Exception {
		try (WebApp app = WebApp.start(Frames.class, "tests.frameworks=websocket",
				"contextvars.fill.tenant.header=X-Tenant")) {
			BlockingQueue<String> frames = new LinkedBlockingQueue<>();
			WebSocket socket = connect(app, frames, "mallory");
			assertThat(frames.poll(20, TimeUnit.SECONDS)).startsWith("ERROR");
			socket.abort();
		}
	}

	private static List<String> answers(WebApp app, String login) throws Exception {
		BlockingQueue<String> frames = new LinkedBlockingQueue<>();
		WebSocket socket = connect(app, frames, login);
		assertThat(frames.poll(20, TimeUnit.SECONDS)).startsWith("CONNECTED");
		socket.sendText("SUBSCRIBE\nid:1\ndestination:/app/who\n\n\0", true).get(20, TimeUnit.SECONDS);
		String message = frames.poll(20, TimeUnit.SECONDS);
		socket.abort();
		return List.of(message.substring(message.indexOf("\n\n") + 2, message.length() - 1));
	}

	private static WebSocket connect(WebApp app, BlockingQueue<String> frames, String login) throws Exception {
		WebSocket socket = HttpClient.newHttpClient()
			.newWebSocketBuilder()
			.header("X-Tenant", "acme")
			.buildAsync(URI.create("ws://localhost:" + app.port() + "/stomp"), new WebSocket.Listener() {

				@Override
				public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
					frames.add(data.toString());
					return WebSocket.Listener.super.onText(webSocket, data, last);
				}

			})
			.get(20, TimeUnit.SECONDS);
		socket
			.sendText("CONNECT\naccept-version:1.2\n" + ((login != null) ? "login:" + login + "\n" : "") + "\n\0", true)
			.get(20, TimeUnit.SECONDS);
		return socket;
	}

	@Test
	void userOfCallFillsIt() {
		try (ConfigurableApplicationContext app = new SpringApplicationBuilder(Calls.class).web(WebApplicationType.NONE)
			.properties("tests.frameworks=grpc,security", "spring.main.banner-mode=off", "spring.grpc.server.port=-1",
					"spring.grpc.server.inprocess.name=UserFillTests", "spring.grpc.server.shutdown.grace-period=0s",
					"contextvars.fill.user.principal=true", "contextvars.fill.number.principal=true",
					"contextvars.fill.number.required=true")
			.run()) {
			assertThat(call("4711")).isEqualTo("4711, 4711, checked 4711");
			assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(() -> call("ada"))
				.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT))
				.withMessageContaining("The authenticated user has no valid value.");
			assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(() -> call(null))
				.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED));
		}
	}

	private static String call(String user) {
		ManagedChannel channel = InProcessChannelBuilder.forName("UserFillTests").directExecutor().build();
		try {
			Metadata headers = new Metadata();
			if (user != null) {
				headers.put(Metadata.Key.of("Authorization", Metadata.ASCII_STRING_MARSHALLER),
						"Basic " + Base64.getEncoder().encodeToString((user + ":pw").getBytes()));
			}
			return ClientCalls.blockingUnaryCall(
					io.grpc.ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)),
					Calls.WHO, io.grpc.CallOptions.DEFAULT, "");
		}
		finally {
			channel.shutdownNow();
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Variables {

		@ContextVariable
		static final ContextVar<String> USER = ContextVar.of("user", "-");

		static final ContextVar<String> CHECKED = ContextVar.of("checked", "-");

		@Bean
		static AuthenticationContextInitializer checked() {
			return (authentication) -> {
				if (authentication.getName().equals("mallory")) {
					throw new IllegalStateException("not your tenant");
				}
				CHECKED.set(authentication.getName());
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableWebSocketMessageBroker
	@Import(Variables.class)
	static class Frames implements WebSocketMessageBrokerConfigurer {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

		@Override
		public void registerStompEndpoints(StompEndpointRegistry registry) {
			// Jetty is on the class path, too.
			registry.addEndpoint("/stomp")
				.setHandshakeHandler(new DefaultHandshakeHandler(new StandardWebSocketUpgradeStrategy()));
		}

		@Override
		public void configureMessageBroker(MessageBrokerRegistry registry) {
			registry.setApplicationDestinationPrefixes("/app");
		}

		@Override
		public void configureClientInboundChannel(ChannelRegistration registration) {
			registration.interceptors(new ChannelInterceptor() {

				@Override
				public Message<?> preSend(Message<?> message, MessageChannel channel) {
					StompHeaderAccessor accessor = MessageHeaderAccessor.getAccessor(message,
							StompHeaderAccessor.class);
					if (accessor != null && accessor.getCommand() == StompCommand.CONNECT
							&& accessor.getLogin() != null) {
						accessor.setUser(new TestingAuthenticationToken(accessor.getLogin(), "", "user"));
						MDC.put("user", accessor.getLogin());
					}
					return message;
				}

			});
		}

		@Controller
		static class Who {

			@SubscribeMapping("/who")
			String who() {
				return Variables.USER.get() + " of " + TENANT.get() + ", checked " + Variables.CHECKED.get()
						+ ", logged " + MDC.get("user");
			}

		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Variables.class)
	static class Calls {

		static final MethodDescriptor<String, String> WHO = MethodDescriptor.<String, String>newBuilder()
			.setType(MethodDescriptor.MethodType.UNARY)
			.setFullMethodName("tests.Fill/WHO")
			.setRequestMarshaller(new TextMarshaller())
			.setResponseMarshaller(new TextMarshaller())
			.build();

		@ContextVariable
		static final ContextVar<Long> NUMBER = ContextVar.of("number");

		@Bean
		static UserDetailsService users() {
			return new InMemoryUserDetailsManager(User.withUsername("4711").password("{noop}pw").build(),
					User.withUsername("ada").password("{noop}pw").build());
		}

		@Bean
		@GlobalServerInterceptor
		static AuthenticationProcessInterceptor security(GrpcSecurity grpc) throws Exception {
			return grpc.authorizeRequests((requests) -> requests.allRequests().authenticated())
				.httpBasic(Customizer.withDefaults())
				.build();
		}

		@GrpcService
		static class Service implements BindableService {

			@Override
			public ServerServiceDefinition bindService() {
				return ServerServiceDefinition.builder("tests.Fill")
					.addMethod(WHO, ServerCalls.asyncUnaryCall((String text, StreamObserver<String> out) -> {
						out.onNext(Variables.USER.get() + ", " + NUMBER.get() + ", checked " + Variables.CHECKED.get());
						out.onCompleted();
					}))
					.build();
			}

		}

	}

}

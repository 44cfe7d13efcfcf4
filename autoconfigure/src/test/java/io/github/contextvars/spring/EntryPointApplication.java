package io.github.contextvars.spring;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import com.google.protobuf.StringValue;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import org.quartz.Job;
import org.quartz.JobBuilder;
import org.quartz.JobExecutionContext;
import org.quartz.Scheduler;
import org.quartz.TriggerBuilder;
import org.springframework.aot.AotDetector;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.grpc.server.GlobalServerInterceptor;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;
import org.springframework.integration.annotation.Poller;
import org.springframework.integration.annotation.ServiceActivator;
import org.springframework.integration.channel.ExecutorChannel;
import org.springframework.integration.channel.QueueChannel;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.messaging.support.GenericMessage;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.handler.TextWebSocketHandler;
import org.springframework.web.socket.server.standard.StandardWebSocketUpgradeStrategy;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;

/**
 * An application with one of each entry point, which prints what each has seen.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class EntryPointApplication {

	@ContextVariable
	static final ContextVar<String> USER = ContextVar.of("user", "-");

	private static final BlockingQueue<String> RECEIVED = new LinkedBlockingQueue<>();

	public static void main(String[] arguments) throws Exception {
		EmbeddedKafkaBroker broker = new EmbeddedKafkaKraftBroker(1, 1);
		SpringApplication application = new SpringApplication(EntryPointApplication.class);
		application.setDefaultProperties(Map.of("server.port", "0", "server.shutdown", "immediate", "tests.frameworks",
				"websocket,kafka,grpc,quartz,integration", "spring.grpc.server.port", "0",
				"management.endpoints.web.exposure.include", "contextvars", "spring.kafka.bootstrap-servers",
				"${spring.embedded.kafka.brokers:}", "spring.kafka.consumer.auto-offset-reset", "earliest"));
		if (AotDetector.useGeneratedArtifacts()) {
			broker.afterPropertiesSet();
		}
		try (ConfigurableApplicationContext context = application.run()) {
			String port = context.getEnvironment().getRequiredProperty("local.server.port");
			System.out.println("WebSocket: " + sendWebSocket(URI.create("ws://localhost:" + port + "/socket")));
			context.getBean(KafkaTemplate.class).send("topic", "hello");
			System.out.println("Kafka: " + RECEIVED.poll(30, TimeUnit.SECONDS));
			new Context().run(() -> {
				USER.set("dave");
				context.getBean("queue", MessageChannel.class).send(new GenericMessage<>("hello"));
			});
			System.out.println("Integration: " + RECEIVED.poll(30, TimeUnit.SECONDS));
			context.getBean(Scheduler.class)
				.scheduleJob(JobBuilder.newJob(UserJob.class).build(), TriggerBuilder.newTrigger().startNow().build());
			System.out.println("Quartz: " + RECEIVED.poll(30, TimeUnit.SECONDS));
			System.out.println("gRPC: " + callGrpc(context.getBean(GrpcServerLifecycle.class).getPort()));
			new Context().run(() -> {
				USER.set("carol");
				System.out.println("Construction: " + context.getBean("construction"));
			});
		}
		finally {
			broker.destroy();
		}
	}

	@Bean
	@Lazy
	static String construction() {
		return USER.get();
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

	private static String callGrpc(int port) throws Exception {
		Metadata headers = new Metadata();
		headers.put(Calls.USER_KEY, "carol");
		ManagedChannel channel = NettyChannelBuilder.forAddress("localhost", port)
			.usePlaintext()
			.intercept(MetadataUtils.newAttachHeadersInterceptor(headers))
			.build();
		try {
			return ClientCalls.blockingUnaryCall(channel, Calls.METHOD, CallOptions.DEFAULT, StringValue.of("hello"))
				.getValue();
		}
		finally {
			channel.shutdownNow();
		}
	}

	/**
	 * {@link Configuration @Configuration} for gRPC.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Calls {

		static final Metadata.Key<String> USER_KEY = Metadata.Key.of("user", Metadata.ASCII_STRING_MARSHALLER);

		static final MethodDescriptor<StringValue, StringValue> METHOD = MethodDescriptor
			.<StringValue, StringValue>newBuilder()
			.setType(MethodDescriptor.MethodType.UNARY)
			.setFullMethodName("tests.Greeter/Greet")
			.setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
			.setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
			.build();

		@Bean
		static BindableService greeter() {
			return () -> ServerServiceDefinition.builder("tests.Greeter")
				.addMethod(METHOD, ServerCalls.asyncUnaryCall((StringValue text, StreamObserver<StringValue> out) -> {
					out.onNext(StringValue.of(USER.get() + " " + text.getValue()));
					out.onCompleted();
				}))
				.build();
		}

		@Bean
		@GlobalServerInterceptor
		static ServerInterceptor userInterceptor() {
			return new ServerInterceptor() {

				@Override
				public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
						ServerCallHandler<Q, R> next) {
					USER.set(headers.get(USER_KEY));
					return next.startCall(call, headers);
				}

			};
		}

	}

	/**
	 * A job that needs a context.
	 */
	public static class UserJob implements Job {

		@Override
		public void execute(JobExecutionContext context) {
			USER.set("dave");
			RECEIVED.add(USER.get() + " " + context.getScheduler().getClass().getSimpleName());
		}

	}

	/**
	 * {@link Configuration @Configuration} for Spring Integration.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Flows {

		@Bean
		static QueueChannel queue() {
			return new QueueChannel();
		}

		@Bean
		static ExecutorChannel executed() {
			return new ExecutorChannel(new SimpleAsyncTaskExecutor());
		}

		@ServiceActivator(inputChannel = "queue", outputChannel = "executed",
				poller = @Poller(fixedDelay = "1", receiveTimeout = "1"))
		String onQueue(@Payload String text) {
			return USER.get() + " " + text;
		}

		@ServiceActivator(inputChannel = "executed")
		void onExecuted(@Payload String text) {
			RECEIVED.add(text + " " + USER.get());
		}

	}

	/**
	 * Listeners of messages.
	 */
	static class Listeners {

		@KafkaListener(id = "kafka", topics = "topic")
		void onKafka(@Payload String text, @FromContext("user") String user) {
			RECEIVED.add(user + " " + text);
		}

	}

	/**
	 * {@link Configuration @Configuration} for messages.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Messages {

		@Bean
		static RecordInterceptor<Object, Object> recordInterceptor() {
			return (message, consumer) -> {
				USER.set("bob");
				return message;
			};
		}

		@Bean
		static Listeners listeners() {
			return new Listeners();
		}

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

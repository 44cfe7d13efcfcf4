package io.github.contextvars.spring;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.google.protobuf.StringValue;
import io.github.resilience4j.bulkhead.ThreadPoolBulkheadRegistry;
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
import jakarta.websocket.OnMessage;
import jakarta.websocket.server.ServerEndpoint;
import org.apache.pulsar.common.schema.SchemaType;
import org.jspecify.annotations.Nullable;
import org.quartz.Job;
import org.quartz.JobBuilder;
import org.quartz.JobExecutionContext;
import org.quartz.Scheduler;
import org.quartz.TriggerBuilder;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.core.AnonymousQueue;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.aot.AotDetector;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.cloud.client.circuitbreaker.CircuitBreakerFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.data.redis.annotation.EnableRedisListeners;
import org.springframework.data.redis.annotation.RedisListener;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.stream.MapRecord;
import org.springframework.data.redis.connection.stream.StreamOffset;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.data.redis.stream.StreamMessageListenerContainer;
import org.springframework.data.redis.stream.StreamMessageListenerContainer.StreamMessageListenerContainerOptions;
import org.springframework.data.redis.stream.Subscription;
import org.springframework.graphql.data.method.annotation.QueryMapping;
import org.springframework.graphql.server.WebGraphQlInterceptor;
import org.springframework.grpc.server.GlobalServerInterceptor;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;
import org.springframework.integration.annotation.Poller;
import org.springframework.integration.annotation.ServiceActivator;
import org.springframework.integration.channel.ExecutorChannel;
import org.springframework.integration.channel.QueueChannel;
import org.springframework.jms.annotation.JmsListener;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.messaging.support.GenericMessage;
import org.springframework.pulsar.annotation.EnablePulsar;
import org.springframework.pulsar.annotation.PulsarListener;
import org.springframework.pulsar.config.ConcurrentPulsarListenerContainerFactory;
import org.springframework.pulsar.listener.AckMode;
import org.springframework.pulsar.listener.PulsarContainerProperties;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.request.async.DeferredResultProcessingInterceptor;
import org.springframework.web.servlet.config.annotation.AsyncSupportConfigurer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.handler.TextWebSocketHandler;
import org.springframework.web.socket.server.standard.ServerEndpointExporter;
import org.springframework.web.socket.server.standard.StandardWebSocketUpgradeStrategy;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.PulsarTopics;
import io.github.contextvars.spring.testing.Services;

/**
 * An application with one of each entry point, which prints what each has seen.
 */
@Configuration(proxyBeanMethods = false)
// Its proxy class is not generated a second time in a JVM, where another test has started
// it.
@EnableAutoConfiguration(
		excludeName = "org.springframework.cloud.loadbalancer.config.BlockingLoadBalancerClientAutoConfiguration")
public class EntryPointApplication {

	@ContextVariable(logged = true)
	static final ContextVar<String> USER = ContextVar.of("user", "-");

	@ContextVariable(header = "X-Tenant")
	static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	@ContextVariable
	static final ContextVar<Integer> LEVEL = ContextVar.of("level", 0);

	private static final Map<String, String> REMOTE = Map.of("contextvars.fill.level.header", "X-Level",
			"contextvars.remote.receive", "tenant", "contextvars.remote.receive-from", "127.0.0.0/8,::1",
			"contextvars.remote.send", "tenant", "contextvars.remote.send-to", "localhost");

	private static final BlockingQueue<String> RECEIVED = new LinkedBlockingQueue<>();

	public static void main(String[] arguments) throws Exception {
		EmbeddedKafkaBroker broker = new EmbeddedKafkaKraftBroker(1, 1);
		SpringApplication application = new SpringApplication(EntryPointApplication.class);
		Map<String, Object> properties = new HashMap<>(REMOTE);
		properties.putAll(Map.of("server.port", "0", "server.shutdown", "immediate", "tests.frameworks",
				"websocket,kafka,artemis,jms,amqp,data.redis,grpc,graphql,quartz,integration,resilience4j,cloud",
				"spring.grpc.server.port", "0", "tests.services",
				EnumSet.allOf(Services.class).stream().filter(Services::isThere).toList(), "tests.channel",
				Brokers.CHANNEL, "spring.artemis.embedded.queues", "queue", "management.endpoints.web.exposure.include",
				"contextvars", "spring.kafka.bootstrap-servers", "${spring.embedded.kafka.brokers:}",
				"spring.kafka.consumer.auto-offset-reset", "earliest"));
		application.setDefaultProperties(properties);
		System.setProperty("spring.graphql.schema.locations", "classpath:compatibility/");
		if (AotDetector.useGeneratedArtifacts()) {
			broker.afterPropertiesSet();
		}
		try (ConfigurableApplicationContext context = application.run()) {
			String port = context.getEnvironment().getRequiredProperty("local.server.port");
			System.out.println("WebSocket: " + sendWebSocket(URI.create("ws://localhost:" + port + "/socket")));
			System.out.println("Endpoint: " + sendWebSocket(URI.create("ws://localhost:" + port + "/endpoint")));
			System.out.println("Remote: " + relay(URI.create("http://localhost:" + port + "/relay")));
			get(URI.create("http://localhost:" + port + "/deferred"));
			System.out.println("Deferred result: " + RECEIVED.poll(30, TimeUnit.SECONDS));
			System.out.println("Tomcat's log: " + logOfFailure(URI.create("http://localhost:" + port + "/failing")));
			System.out.println("GraphQL: " + queryGraphQl(URI.create("http://localhost:" + port + "/graphql")));
			context.getBean(KafkaTemplate.class).send("topic", "hello");
			System.out.println("Kafka: " + RECEIVED.poll(30, TimeUnit.SECONDS));
			context.getBean(JmsTemplate.class).convertAndSend("queue", "hello");
			System.out.println("JMS: " + RECEIVED.poll(30, TimeUnit.SECONDS));
			context.getBean(PulsarTopics.class).send("pulsar", "hello", null);
			System.out.println("Pulsar: " + RECEIVED.poll(30, TimeUnit.SECONDS));
			if (Services.RABBITMQ.isThere()) {
				context.getBean(RabbitTemplate.class).convertAndSend(context.getBean(Queue.class).getName(), "hello");
				System.out.println("RabbitMQ: " + RECEIVED.poll(30, TimeUnit.SECONDS));
			}
			if (Services.REDIS.isThere()) {
				context.getBean(StringRedisTemplate.class).convertAndSend(Brokers.CHANNEL, "hello");
				System.out.println("Redis: " + RECEIVED.poll(30, TimeUnit.SECONDS));
				context.getBean(StringRedisTemplate.class)
					.opsForStream()
					.add(Brokers.CHANNEL + "-stream", Map.of("text", "hello"));
				System.out.println("Redis stream: " + RECEIVED.poll(30, TimeUnit.SECONDS));
				context.getBean(StringRedisTemplate.class).delete(Brokers.CHANNEL + "-stream");
			}
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
				System.out.println("Bulkhead: " + context.getBean(ThreadPoolBulkheadRegistry.class)
					.bulkhead("bulkhead")
					.executeSupplier(USER::get)
					.toCompletableFuture()
					.join());
				System.out.println("Circuit breaker: "
						+ context.getBean(CircuitBreakerFactory.class).create("any").run(USER::get));
			});
		}
		finally {
			broker.destroy();
		}
		// A thread of Artemis' client waits for a minute.
		System.exit(0);
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

	@Bean
	static ServerEndpointExporter exporter() {
		return new ServerEndpointExporter();
	}

	@Bean
	static UserEndpoint userEndpoint() {
		return new UserEndpoint();
	}

	@Bean
	static WebGraphQlInterceptor graphQlInterceptor() {
		return (request, chain) -> {
			USER.set("frank");
			return chain.next(request);
		};
	}

	private static String relay(URI uri) throws Exception {
		HttpRequest request = HttpRequest.newBuilder(uri).header("X-Level", "7").header("X-Tenant", "acme").build();
		return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
	}

	private static void get(URI uri) throws Exception {
		HttpRequest request = HttpRequest.newBuilder(uri).header("X-User", "grace").build();
		HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
	}

	private static String logOfFailure(URI uri) throws Exception {
		Logger logger = (Logger) LoggerFactory.getLogger("org.apache.catalina.core.ContainerBase");
		ListAppender<ILoggingEvent> lines = new ListAppender<>();
		lines.start();
		logger.addAppender(lines);
		get(uri);
		logger.detachAppender(lines);
		return lines.list.stream().map((line) -> line.getMDCPropertyMap().get("user")).distinct().toList().toString();
	}

	private static String queryGraphQl(URI uri) throws Exception {
		HttpRequest request = HttpRequest.newBuilder(uri)
			.header("Content-Type", "application/json")
			.POST(HttpRequest.BodyPublishers.ofString("{\"query\":\"{ bound }\"}"))
			.build();
		return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
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
	 * {@link Configuration @Configuration} for JMS, and for RabbitMQ and Redis where they
	 * answer.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Brokers {

		static final String CHANNEL = "context-variables-" + ProcessHandle.current().pid();

		@JmsListener(id = "jms", destination = "queue")
		void onJms(@Payload String text, @FromContext("user") String user) {
			receive(text, user);
		}

		private static void receive(String text, String user) {
			USER.set("erin");
			RECEIVED.add(text + " " + user + " " + USER.get());
		}

		/**
		 * {@link Configuration @Configuration} for Pulsar.
		 */
		@Configuration(proxyBeanMethods = false)
		@EnablePulsar
		static class Pulsar {

			@Bean
			static PulsarTopics pulsarTopics() {
				return new PulsarTopics();
			}

			@Bean
			static ConcurrentPulsarListenerContainerFactory<String> pulsarListenerContainerFactory(
					PulsarTopics topics) {
				return new ConcurrentPulsarListenerContainerFactory<>(topics, new PulsarContainerProperties());
			}

			@PulsarListener(id = "pulsar", topics = "pulsar", schemaType = SchemaType.STRING, ackMode = AckMode.RECORD)
			void onPulsar(String text) {
				receive(text, USER.get());
			}

		}

		/**
		 * {@link Configuration @Configuration} for RabbitMQ.
		 */
		@Configuration(proxyBeanMethods = false)
		@ConditionalOnExpression("'${tests.services}'.contains('RABBITMQ')")
		static class Rabbit {

			@Bean
			static Queue rabbitQueue() {
				return new AnonymousQueue();
			}

			@RabbitListener(id = "rabbit", queues = "#{rabbitQueue.name}")
			void onRabbit(@Payload String text, @FromContext("user") String user) {
				receive(text, user);
			}

		}

		/**
		 * {@link Configuration @Configuration} for Redis.
		 */
		@Configuration(proxyBeanMethods = false)
		@EnableRedisListeners
		@ConditionalOnExpression("'${tests.services}'.contains('REDIS')")
		static class Redis {

			@Bean
			static RedisMessageListenerContainer channels(RedisConnectionFactory connectionFactory) {
				RedisMessageListenerContainer container = new RedisMessageListenerContainer();
				container.setConnectionFactory(connectionFactory);
				return container;
			}

			@Bean
			static StreamMessageListenerContainer<String, MapRecord<String, String, String>> streams(
					RedisConnectionFactory connectionFactory) {
				return StreamMessageListenerContainer.create(connectionFactory,
						StreamMessageListenerContainerOptions.builder().pollTimeout(Duration.ofMillis(100)).build());
			}

			@Bean
			static Subscription subscription(
					StreamMessageListenerContainer<String, MapRecord<String, String, String>> streams) {
				return streams.receive(StreamOffset.fromStart(CHANNEL + "-stream"),
						(message) -> receive(message.getValue().get("text"), USER.get()));
			}

			@RedisListener(topic = "${tests.channel}")
			void onRedis(@Payload String text, @FromContext("user") String user) {
				receive(text, user);
			}

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

	/**
	 * An endpoint that the container calls.
	 */
	@ServerEndpoint("/endpoint")
	public static class UserEndpoint {

		@OnMessage
		public String message(String text) {
			return USER.get() + " " + text;
		}

	}

	/**
	 * Receives values, and sends them on to itself.
	 */
	@RestController
	static class RelayController {

		private final RestClient client;

		RelayController(RestClient.Builder builder) {
			this.client = builder.build();
		}

		@GetMapping("/relay")
		String relay(HttpServletRequest request) {
			return values() + ", "
					+ this.client.get()
						.uri("http://localhost:" + request.getLocalPort() + "/values")
						.retrieve()
						.body(String.class);
		}

		@GetMapping("/values")
		String values() {
			return TENANT.get() + " " + LEVEL.get();
		}

	}

	/**
	 * Waits for a thread that belongs to another user, and fails.
	 */
	@RestController
	static class LateController implements WebMvcConfigurer {

		@Override
		public void configureAsyncSupport(AsyncSupportConfigurer configurer) {
			configurer.registerDeferredResultInterceptors(new DeferredResultProcessingInterceptor() {

				@Override
				public <T> void postProcess(NativeWebRequest request, DeferredResult<T> result,
						@Nullable Object concurrentResult) {
					RECEIVED.add(concurrentResult + " for " + USER.get());
				}

			});
		}

		@GetMapping("/deferred")
		DeferredResult<String> deferred() {
			DeferredResult<String> result = new DeferredResult<>();
			new Thread(() -> new Context().run(() -> {
				USER.set("heidi");
				result.setResult(USER.get());
			})).start();
			return result;
		}

		@GetMapping("/failing")
		void failing() {
			throw new IllegalStateException("planned");
		}

	}

	@Controller
	static class UserController {

		@QueryMapping
		String bound(@FromContext("user") String user) {
			return user;
		}

	}

}

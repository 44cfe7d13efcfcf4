package io.github.contextvars.spring.threadlocal;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.resilience4j.bulkhead.ThreadPoolBulkhead;
import io.github.resilience4j.bulkhead.ThreadPoolBulkheadConfig;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import jakarta.jms.ConnectionFactory;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import org.aopalliance.intercept.MethodInterceptor;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.pulsar.client.api.SubscriptionType;
import org.quartz.Job;
import org.springframework.amqp.core.AnonymousQueue;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.batch.SimpleBatchingStrategy;
import org.springframework.amqp.rabbit.config.SimpleRabbitListenerContainerFactory;
import org.springframework.amqp.rabbit.core.BatchingRabbitTemplate;
import org.springframework.amqp.rabbit.listener.SimpleMessageListenerContainer;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.amqp.autoconfigure.SimpleRabbitListenerContainerFactoryConfigurer;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerExecutorProvider;
import org.springframework.boot.jms.autoconfigure.DefaultJmsListenerContainerFactoryConfigurer;
import org.springframework.boot.kafka.autoconfigure.DefaultKafkaConsumerFactoryCustomizer;
import org.springframework.boot.quartz.autoconfigure.SchedulerFactoryBeanCustomizer;
import org.springframework.cloud.circuitbreaker.resilience4j.Resilience4JCircuitBreakerFactory;
import org.springframework.cloud.client.circuitbreaker.Customizer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.stream.MapRecord;
import org.springframework.data.redis.connection.stream.StreamOffset;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.data.redis.stream.StreamMessageListenerContainer;
import org.springframework.data.redis.stream.StreamMessageListenerContainer.StreamMessageListenerContainerOptions;
import org.springframework.data.redis.stream.Subscription;
import org.springframework.graphql.data.method.annotation.QueryMapping;
import org.springframework.graphql.server.WebGraphQlInterceptor;
import org.springframework.grpc.server.service.GrpcService;
import org.springframework.integration.annotation.InboundChannelAdapter;
import org.springframework.integration.annotation.IntegrationComponentScan;
import org.springframework.integration.annotation.MessagingGateway;
import org.springframework.integration.annotation.Poller;
import org.springframework.integration.annotation.ServiceActivator;
import org.springframework.integration.channel.DirectChannel;
import org.springframework.integration.channel.ExecutorChannel;
import org.springframework.integration.channel.PartitionedChannel;
import org.springframework.integration.channel.PublishSubscribeChannel;
import org.springframework.integration.channel.QueueChannel;
import org.springframework.integration.scheduling.PollerMetadata;
import org.springframework.integration.store.MessageGroupQueue;
import org.springframework.integration.store.SimpleMessageStore;
import org.springframework.jms.annotation.JmsListener;
import org.springframework.jms.config.DefaultJmsListenerContainerFactory;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.messaging.Message;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.pulsar.annotation.EnablePulsar;
import org.springframework.pulsar.annotation.PulsarListener;
import org.springframework.pulsar.config.ConcurrentPulsarListenerContainerFactory;
import org.springframework.pulsar.listener.PulsarContainerProperties;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.support.PeriodicTrigger;
import org.springframework.stereotype.Controller;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;
import org.springframework.web.socket.handler.TextWebSocketHandler;
import org.springframework.web.socket.server.HandshakeHandler;
import org.springframework.web.socket.server.standard.ServerEndpointExporter;
import org.springframework.web.socket.server.standard.StandardWebSocketUpgradeStrategy;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import io.github.contextvars.spring.testing.PulsarTopics;
import io.github.contextvars.spring.testing.TextMarshaller;
import io.github.contextvars.spring.testing.ThreadLocalValues;
import io.github.contextvars.spring.threadlocal.MatrixApplication.Foreign;
import io.github.contextvars.spring.threadlocal.MatrixApplication.Seen;

/**
 * The part of {@link MatrixApplication} that frameworks other than Spring MVC call.
 */
final class MatrixFrameworks {

	static final MethodDescriptor<String, String> CALL = MethodDescriptor.<String, String>newBuilder()
		.setType(MethodDescriptor.MethodType.UNARY)
		.setFullMethodName("tests.Matrix/CALL")
		.setRequestMarshaller(new TextMarshaller())
		.setResponseMarshaller(new TextMarshaller())
		.build();

	private MatrixFrameworks() {
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnProperty(name = "tests.topic")
	static class Kafka {

		private final Seen seen;

		Kafka(Seen seen) {
			this.seen = seen;
		}

		@Bean
		static ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> kafkaThreads() {
			return (container) -> container.getContainerProperties()
				.setListenerTaskExecutor(MatrixApplication.pollutedExecutor("kafka"));
		}

		@Bean
		static DefaultKafkaConsumerFactoryCustomizer readingOnConsumersThread(Seen seen) {
			return (factory) -> setDeserializer(factory, (topic, bytes) -> {
				seen.here("kafka deserializer");
				return new String(bytes, StandardCharsets.UTF_8);
			});
		}

		@SuppressWarnings("unchecked")
		private static <V> void setDeserializer(DefaultKafkaConsumerFactory<?, V> factory,
				Deserializer<?> deserializer) {
			factory.setValueDeserializer((Deserializer<V>) deserializer);
		}

		@KafkaListener(topics = "${tests.topic}", groupId = "matrix")
		void on(String text) {
			this.seen.here("kafka");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnProperty(name = "tests.rabbit")
	static class Rabbit {

		private final Seen seen;

		Rabbit(Seen seen) {
			this.seen = seen;
		}

		@Bean
		static Queue matrixQueue() {
			return new AnonymousQueue();
		}

		@Bean
		static SimpleRabbitListenerContainerFactory rabbitListenerContainerFactory(
				SimpleRabbitListenerContainerFactoryConfigurer configurer,
				org.springframework.amqp.rabbit.connection.ConnectionFactory connectionFactory) {
			SimpleRabbitListenerContainerFactory factory = new SimpleRabbitListenerContainerFactory();
			configurer.configure(factory, connectionFactory);
			factory.setTaskExecutor(MatrixApplication.pollutedExecutor("rabbit"));
			return factory;
		}

		@Bean
		static Queue batchedQueue() {
			return new AnonymousQueue();
		}

		// The user of a batch is set for all its parts, and the first part sets another.
		@Bean
		static SimpleMessageListenerContainer batchedContainer(
				org.springframework.amqp.rabbit.connection.ConnectionFactory connectionFactory,
				@Qualifier("batchedQueue") Queue batchedQueue, Seen seen) {
			SimpleMessageListenerContainer container = new SimpleMessageListenerContainer(connectionFactory);
			container.setQueues(batchedQueue);
			container.setTaskExecutor(MatrixApplication.pollutedExecutor("rabbit batch"));
			container.setAfterReceivePostProcessors((message) -> {
				ThreadLocalValues.set("alice");
				return message;
			});
			AtomicBoolean first = new AtomicBoolean(true);
			container.setMessageListener((message) -> {
				if (first.getAndSet(false)) {
					RequestContextHolder.resetRequestAttributes();
					ThreadLocalValues.set("mallory");
				}
				else {
					seen.here("rabbit part");
				}
			});
			return container;
		}

		static void sendBatch(ConfigurableApplicationContext app) {
			BatchingRabbitTemplate template = new BatchingRabbitTemplate(
					app.getBean(org.springframework.amqp.rabbit.connection.ConnectionFactory.class),
					new SimpleBatchingStrategy(2, 100_000, 60_000), app.getBean("taskScheduler", TaskScheduler.class));
			String queue = app.getBean("batchedQueue", Queue.class).getName();
			template.convertAndSend(queue, (Object) "first");
			template.convertAndSend(queue, (Object) "second");
		}

		@RabbitListener(queues = "#{matrixQueue.name}")
		void on(String text) {
			this.seen.here("rabbit");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Jms {

		private final Seen seen;

		Jms(Seen seen) {
			this.seen = seen;
		}

		@Bean
		static DefaultJmsListenerContainerFactory jmsListenerContainerFactory(
				DefaultJmsListenerContainerFactoryConfigurer configurer, ConnectionFactory connectionFactory) {
			DefaultJmsListenerContainerFactory factory = new DefaultJmsListenerContainerFactory();
			configurer.configure(factory, connectionFactory);
			factory.setTaskExecutor(MatrixApplication.pollutedExecutor("jms"));
			return factory;
		}

		@JmsListener(destination = "matrix")
		void on(String text) {
			this.seen.here("jms");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnablePulsar
	static class Pulsar {

		private final Seen seen;

		Pulsar(Seen seen) {
			this.seen = seen;
		}

		@Bean
		static PulsarTopics topics() {
			return new PulsarTopics();
		}

		@Bean
		static ConcurrentPulsarListenerContainerFactory<String> pulsarListenerContainerFactory(PulsarTopics topics) {
			PulsarContainerProperties properties = new PulsarContainerProperties();
			properties.setConsumerTaskExecutor(MatrixApplication.pollutedExecutor("pulsar"));
			properties.setSubscriptionType(SubscriptionType.Shared);
			properties.setObservationEnabled(true);
			return new ConcurrentPulsarListenerContainerFactory<>(topics, properties);
		}

		@PulsarListener(topics = "matrix", subscriptionName = "matrix",
				schemaType = org.apache.pulsar.common.schema.SchemaType.STRING)
		void on(String text) {
			this.seen.here("pulsar");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnProperty(name = "tests.redis")
	static class Redis {

		static final String STREAM = "matrix-" + UUID.randomUUID();

		@Bean
		static Subscription streamSubscription(RedisConnectionFactory connectionFactory,
				StreamMessageListenerContainer<String, MapRecord<String, String, String>> streamContainer, Seen seen) {
			return streamContainer.receive(StreamOffset.latest(STREAM), (record) -> seen.here("redis stream"));
		}

		@Bean
		static StreamMessageListenerContainer<String, MapRecord<String, String, String>> streamContainer(
				RedisConnectionFactory connectionFactory) {
			return StreamMessageListenerContainer.create(connectionFactory,
					StreamMessageListenerContainerOptions.builder()
						.pollTimeout(Duration.ofMillis(100))
						.executor(MatrixApplication.pollutedExecutor("redis stream"))
						.build());
		}

		@Bean
		static RedisMessageListenerContainer redisContainer(RedisConnectionFactory connectionFactory, Seen seen) {
			RedisMessageListenerContainer container = new RedisMessageListenerContainer();
			container.setConnectionFactory(connectionFactory);
			container.setTaskExecutor(MatrixApplication.pollutedExecutor("redis"));
			container.addMessageListener((message, pattern) -> seen.here("redis"), ChannelTopic.of("matrix"));
			return container;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@IntegrationComponentScan
	static class Integration {

		private final Seen seen;

		private final AtomicBoolean supplied = new AtomicBoolean();

		private final AtomicBoolean failed = new AtomicBoolean();

		Integration(Seen seen) {
			this.seen = seen;
		}

		@Bean
		static QueueChannel queued() {
			return new QueueChannel();
		}

		@Bean
		static ExecutorChannel executed(Foreign foreign) {
			return new ExecutorChannel(foreign.executor());
		}

		@Bean
		static PublishSubscribeChannel published(Foreign foreign) {
			return new PublishSubscribeChannel(foreign.executor());
		}

		@Bean
		static QueueChannel stored() {
			return new QueueChannel(new MessageGroupQueue(new SimpleMessageStore(), "matrix"));
		}

		@Bean
		static PollerMetadata advisedPoller(Seen seen) {
			PollerMetadata poller = new PollerMetadata();
			poller.setTrigger(new PeriodicTrigger(Duration.ofMillis(10)));
			poller.setAdviceChain(List.of((MethodInterceptor) (invocation) -> {
				seen.here("poller advice");
				return invocation.proceed();
			}));
			return poller;
		}

		@Bean
		static PartitionedChannel partitioned() {
			PartitionedChannel channel = new PartitionedChannel(1, Message::getPayload);
			channel.setThreadFactory(MatrixApplication.pollutedThreads("partition"));
			return channel;
		}

		@Bean
		static DirectChannel suppliedChannel() {
			return new DirectChannel();
		}

		@Bean
		static DirectChannel gatewayChannel() {
			return new DirectChannel();
		}

		@ServiceActivator(inputChannel = "queued", poller = @Poller(fixedDelay = "10"))
		void queued(String text) {
			this.seen.here("queue channel");
		}

		@ServiceActivator(inputChannel = "executed")
		void executed(String text) {
			this.seen.here("executor channel");
		}

		@ServiceActivator(inputChannel = "published")
		void published(String text) {
			this.seen.here("publish channel");
		}

		@ServiceActivator(inputChannel = "stored", poller = @Poller(fixedDelay = "10"))
		void stored(String text) {
			this.seen.here("message store");
		}

		@InboundChannelAdapter(channel = "suppliedChannel", poller = @Poller("advisedPoller"))
		String fail() {
			if (this.failed.getAndSet(true)) {
				return null;
			}
			throw new IllegalStateException("planned");
		}

		@ServiceActivator(inputChannel = "errorChannel")
		void failed(Exception ex) {
			this.seen.here("poller error");
		}

		@ServiceActivator(inputChannel = "partitioned")
		void partitioned(String text) {
			this.seen.here("partitioned channel");
		}

		@InboundChannelAdapter(channel = "suppliedChannel", poller = @Poller(fixedDelay = "10"))
		String supply() {
			return this.supplied.getAndSet(true) ? null : "text";
		}

		@ServiceActivator(inputChannel = "suppliedChannel")
		void supplied(String text) {
			this.seen.here("source");
		}

		@ServiceActivator(inputChannel = "gatewayChannel")
		String gateway(String text) {
			this.seen.here("gateway");
			return "";
		}

	}

	@MessagingGateway(defaultRequestChannel = "gatewayChannel")
	interface Calls {

		Future<String> call(String text);

	}

	@Configuration(proxyBeanMethods = false)
	@EnableWebSocket
	@EnableWebSocketMessageBroker
	static class Sockets implements WebSocketConfigurer, WebSocketMessageBrokerConfigurer {

		private final Seen seen;

		Sockets(Seen seen) {
			this.seen = seen;
		}

		@Override
		public void registerWebSocketHandlers(
				org.springframework.web.socket.config.annotation.WebSocketHandlerRegistry registry) {
			registry.addHandler(new TextWebSocketHandler() {

				@Override
				public void afterConnectionEstablished(WebSocketSession session) {
					Sockets.this.seen.here("session");
				}

				@Override
				protected void handleTextMessage(WebSocketSession session, TextMessage message) {
					Sockets.this.seen.here("socket message");
				}

			}, "/raw").setHandshakeHandler(handshakeHandler());
		}

		@Override
		public void registerStompEndpoints(StompEndpointRegistry registry) {
			registry.addEndpoint("/stomp").setHandshakeHandler(handshakeHandler());
		}

		// Jetty is on the class path, too.
		private static HandshakeHandler handshakeHandler() {
			return new DefaultHandshakeHandler(new StandardWebSocketUpgradeStrategy());
		}

	}

	@Controller
	static class Frames {

		private final Seen seen;

		Frames(Seen seen) {
			this.seen = seen;
		}

		@MessageMapping("/frame")
		void frame(String text) {
			this.seen.here("frame");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Endpoints {

		private static Seen seen;

		Endpoints(Seen seen) {
			Endpoints.seen = seen;
		}

		@Bean
		static ServerEndpointExporter exporter() {
			ServerEndpointExporter exporter = new ServerEndpointExporter();
			exporter.setAnnotatedEndpointClasses(Endpoint.class);
			return exporter;
		}

	}

	/**
	 * Endpoint that the container creates.
	 */
	@ServerEndpoint("/endpoint")
	public static class Endpoint {

		@OnOpen
		public void open(Session session) {
			Endpoints.seen.here("open");
		}

		@OnMessage
		public void message(String text) {
			Endpoints.seen.here("endpoint message");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Grpc {

		@Bean
		static GrpcServerExecutorProvider executorProvider(Foreign foreign) {
			return foreign::executor;
		}

	}

	@GrpcService
	static class Calling implements BindableService {

		private final Seen seen;

		Calling(Seen seen) {
			this.seen = seen;
		}

		@Override
		public ServerServiceDefinition bindService() {
			return ServerServiceDefinition.builder("tests.Matrix")
				.addMethod(CALL, ServerCalls.asyncUnaryCall((String text, StreamObserver<String> out) -> {
					this.seen.here("call");
					out.onNext(text);
					out.onCompleted();
				}))
				.build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Quartz {

		@Bean
		static SchedulerFactoryBeanCustomizer quartzThreads(Foreign foreign) {
			return (factory) -> factory.setTaskExecutor(foreign.executor());
		}

	}

	static class Firing implements Job {

		private final Seen seen;

		Firing(Seen seen) {
			this.seen = seen;
		}

		@Override
		public void execute(org.quartz.JobExecutionContext context) {
			this.seen.here("job");
		}

	}

	@Controller
	static class Fetchers {

		private final Seen seen;

		private final ExecutorService pool;

		Fetchers(Seen seen, @Qualifier("pool") ExecutorService pool) {
			this.seen = seen;
			this.pool = pool;
		}

		@Bean
		static WebGraphQlInterceptor otherThread(Foreign foreign) {
			return (request, chain) -> Mono.defer(() -> chain.next(request))
				.subscribeOn(Schedulers.fromExecutor(foreign.executor()));
		}

		@QueryMapping
		String laterTenant() {
			this.seen.here("interceptor");
			return "";
		}

		@QueryMapping
		CompletableFuture<String> tenant() {
			return CompletableFuture.supplyAsync(() -> {
				this.seen.here("fetcher");
				return "";
			}, this.pool);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Resilience {

		@Bean
		static ThreadPoolBulkhead bulkhead() {
			return ThreadPoolBulkhead.of("bean",
					ThreadPoolBulkheadConfig.custom().coreThreadPoolSize(1).maxThreadPoolSize(1).build());
		}

		@Bean
		static Customizer<Resilience4JCircuitBreakerFactory> executorCustomizer(Foreign foreign) {
			return (factory) -> factory.configureExecutorService(foreign.executor());
		}

	}

}

package io.github.contextvars.spring.remote;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.binder.grpc.ObservationGrpcClientInterceptor;
import io.micrometer.observation.ObservationRegistry;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.amqp.core.AmqpAdmin;
import org.springframework.amqp.core.AnonymousQueue;
import org.springframework.amqp.core.BatchMessageListener;
import org.springframework.amqp.core.MessageBuilder;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.batch.SimpleBatchingStrategy;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.core.BatchingRabbitTemplate;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.listener.SimpleMessageListenerContainer;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.server.service.GrpcService;
import org.springframework.jms.annotation.JmsListener;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.KafkaBroker;
import io.github.contextvars.spring.testing.Services;
import io.github.contextvars.spring.testing.TextMarshaller;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Values that cross processes with messages and calls.
 */
class RemoteMessagesTests {

	private static final String VALUE = "acme ä€, 東";

	// Started by the first test that needs it: tests with a seeded fault run one each.
	private static KafkaBroker kafka;

	@AfterAll
	static void stopBroker() {
		if (kafka != null) {
			kafka.close();
			kafka = null;
		}
	}

	@ParameterizedTest
	@EnumSource
	void valuesOfTheSenderReachTheReceiver(Transport transport) throws Exception {
		requireValuesToReachTheReceiver(transport, "headers");
	}

	@ParameterizedTest
	@EnumSource
	@Tag("stress")
	void valuesOfTheSenderReachTheReceiverInBaggage(Transport transport) throws Exception {
		requireValuesToReachTheReceiver(transport, "baggage");
	}

	private static void requireValuesToReachTheReceiver(Transport transport, String format) throws Exception {
		run(transport, "contextvars.remote.send-to=" + transport, "contextvars.remote.receive-from=" + transport,
				"contextvars.remote.format=" + format, (app, seen) -> {
					WorkRegistry registry = app.getBean(WorkRegistry.class);
					for (String value : List.of(VALUE, "second", "-")) {
						UnitOfWork unit = registry.create(UnitOfWork.Kind.TASK, () -> "test");
						registry.<Boolean, Exception>call(unit, () -> {
							if (!value.equals("-")) {
								Application.TENANT.set(value);
							}
							transport.send(app, "");
							return true;
						});
						assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo(value);
						assertThat(app.getBean(Seen.class).parents().poll()).isNotNull().isEqualTo(unit.remoteId());
					}
				});
	}

	@ParameterizedTest
	@EnumSource
	@Tag("stress")
	void nothingIsSentOrReceivedWhereItIsNotNamed(Transport transport) throws Exception {
		String other = (transport == Transport.KAFKA) ? "jms" : "kafka";
		run(transport, "contextvars.remote.send-to=" + other, "contextvars.remote.receive-from=" + transport,
				"contextvars.remote.format=headers", (app, seen) -> {
					inContext(() -> transport.send(app, ""));
					assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("-");
				});
		run(transport, "contextvars.remote.send-to=" + transport, "contextvars.remote.receive-from=10.0.0.0/8",
				"contextvars.remote.format=headers", (app, seen) -> {
					inContext(() -> transport.send(app, ""));
					assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("-");
					assertThat(app.getBean(RemoteDrops.class).count(RemoteDrops.Reason.UNTRUSTED)).isOne();
				});
	}

	@ParameterizedTest
	@EnumSource
	void poisonedMessageIsHandledWithoutItsValue(Transport transport) throws Exception {
		run(transport, "contextvars.remote.send-to=10.0.0.1", "contextvars.remote.receive-from=" + transport,
				"contextvars.remote.format=headers", (app, seen) -> {
					for (String poison : List.of("a%0d%0aX-Admin:true", "%ff", "a".repeat(100_000).substring(0, 4000),
							"%", "a b")) {
						transport.send(app, poison);
						assertThat(seen.poll(20, TimeUnit.SECONDS)).as(poison).isEqualTo("-");
					}
					transport.send(app, "right");
					assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("right");
				});
	}

	@Test
	void partsOfRabbitBatchDoNotReceiveTheValueOfAnother() throws Exception {
		run(Transport.RABBIT, "contextvars.remote.send-to=rabbit", "contextvars.remote.receive-from=rabbit",
				"contextvars.remote.format=headers", (app, seen) -> {
					ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
					scheduler.initialize();
					BatchingRabbitTemplate template = new BatchingRabbitTemplate(app.getBean(ConnectionFactory.class),
							new SimpleBatchingStrategy(2, 100_000, 60_000), scheduler);
					template.setObservationEnabled(true);
					template.setApplicationContext(app);
					for (String value : List.of("first", "second")) {
						new Context().run(() -> {
							Application.TENANT.set(value);
							template.convertAndSend(app.getBean(Queue.class).getName(), (Object) "text");
						});
					}
					scheduler.shutdown();
					assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("-");
					assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("-");
				});
	}

	@Test
	void batchOfConsumerDoesNotReceiveTheValueOfItsLastMessage() throws Exception {
		run(Transport.RABBIT, "contextvars.remote.send-to=rabbit", "contextvars.remote.receive-from=rabbit",
				"tests.batch=true", (app, seen) -> {
					SimpleMessageListenerContainer container = new SimpleMessageListenerContainer(
							app.getBean(ConnectionFactory.class));
					String queue = app.getBean(AmqpAdmin.class).declareQueue().getName();
					for (String value : List.of("first", "second")) {
						new Context().run(() -> {
							Application.TENANT.set(value);
							app.getBean(RabbitTemplate.class).convertAndSend(queue, (Object) "text");
						});
					}
					container.setQueueNames(queue);
					container.setConsumerBatchEnabled(true);
					container.setBatchSize(2);
					container.setMessageListener((BatchMessageListener) (messages) -> app.getBean(Seen.class).here());
					app.getAutowireCapableBeanFactory().initializeBean(container, "batchContainer");
					container.start();
					assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("-");
					container.stop();
				});
	}

	@Test
	void missingObservationIsReported() throws Exception {
		run(Transport.KAFKA, "contextvars.remote.send-to=kafka", "contextvars.remote.receive-from=kafka",
				"spring.kafka.template.observation-enabled=false",
				(app, seen) -> assertThat(app.getBeanProvider(PropagationSource.class)
					.stream()
					.flatMap(PropagationSource::entries)
					.filter((entry) -> entry.category().equals("remote") && !entry.propagates())
					.map(PropagationSource.Entry::remedy))
					.containsExactly("Set 'spring.kafka.template.observation-enabled=true'."));
	}

	private static void inContext(Sending sending) throws Exception {
		new Context().<Boolean, Exception>call(() -> {
			Application.TENANT.set(VALUE);
			sending.run();
			return true;
		});
	}

	private static void run(Transport transport, String sendTo, String receiveFrom, String format, Scenario scenario)
			throws Exception {
		assumeThat(transport != Transport.RABBIT || Services.RABBITMQ.isThere()).isTrue();
		SpringApplicationBuilder builder = new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.properties("tests.transport=" + transport, "tests.frameworks=" + transport.frameworks,
					"spring.main.banner-mode=off", "contextvars.remote.send=tenant",
					"contextvars.remote.receive=tenant", "contextvars.remote.parent=true", sendTo, receiveFrom,
					"spring.rabbitmq.template.observation-enabled=true", "spring.artemis.embedded.queues=remote",
					"spring.jms.listener.receive-timeout=50ms", "spring.grpc.server.port=-1",
					"spring.grpc.server.inprocess.name=RemoteMessagesTests",
					"spring.grpc.server.shutdown.grace-period=0s");
		if (!format.startsWith("spring.kafka.template")) {
			builder.properties("spring.kafka.template.observation-enabled=true");
		}
		builder.properties(format);
		if (transport == Transport.KAFKA) {
			kafka = (kafka != null) ? kafka : KafkaBroker.start();
			builder.properties(kafka.properties()).properties("tests.topic=" + kafka.createTopic(1));
		}
		try (ConfigurableApplicationContext app = builder.run()) {
			scenario.run(app, app.getBean(Seen.class).values());
		}
	}

	@FunctionalInterface
	private interface Sending {

		void run() throws Exception;

	}

	@FunctionalInterface
	private interface Scenario {

		void run(ConfigurableApplicationContext app, BlockingQueue<String> seen) throws Exception;

	}

	enum Transport {

		KAFKA("kafka") {

			@Override
			void send(ConfigurableApplicationContext app, String header) {
				ProducerRecord<Object, Object> record = new ProducerRecord<>(
						app.getEnvironment().getRequiredProperty("tests.topic"), "text");
				if (!header.isEmpty()) {
					record.headers().add("X-Tenant", header.getBytes(StandardCharsets.UTF_8));
				}
				@SuppressWarnings("unchecked")
				KafkaTemplate<Object, Object> template = app.getBean(KafkaTemplate.class);
				template.send(record).join();
			}

		},

		RABBIT("amqp") {

			@Override
			void send(ConfigurableApplicationContext app, String header) {
				MessageBuilder message = MessageBuilder.withBody("text".getBytes(StandardCharsets.UTF_8));
				if (!header.isEmpty()) {
					message.setHeader("X-Tenant", header);
				}
				app.getBean(RabbitTemplate.class).send(app.getBean(Queue.class).getName(), message.build());
			}

		},

		JMS("artemis,jms") {

			@Override
			void send(ConfigurableApplicationContext app, String header) {
				app.getBean(JmsTemplate.class).convertAndSend("remote", "text", (message) -> {
					if (!header.isEmpty()) {
						message.setStringProperty("X__dash__Tenant", header);
					}
					return message;
				});
			}

		},

		GRPC("grpc") {

			@Override
			void send(ConfigurableApplicationContext app, String header) {
				ManagedChannel channel = InProcessChannelBuilder.forName("RemoteMessagesTests")
					.directExecutor()
					.build();
				try {
					Metadata headers = new Metadata();
					if (!header.isEmpty()) {
						headers.put(Metadata.Key.of("X-Tenant", Metadata.ASCII_STRING_MARSHALLER), header);
					}
					ClientCalls.blockingUnaryCall(
							ClientInterceptors.intercept(channel,
									new ObservationGrpcClientInterceptor(app.getBean(ObservationRegistry.class)),
									MetadataUtils.newAttachHeadersInterceptor(headers)),
							Application.CALL, CallOptions.DEFAULT, "");
				}
				finally {
					channel.shutdownNow();
				}
			}

		};

		private final String frameworks;

		Transport(String frameworks) {
			this.frameworks = frameworks;
		}

		abstract void send(ConfigurableApplicationContext app, String header);

		@Override
		public String toString() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

	record Seen(WorkRegistry workRegistry, BlockingQueue<String> values, BlockingQueue<String> parents) {

		void here() {
			String parent = this.workRegistry.current().remoteParent();
			this.parents.add((parent != null) ? parent : "-");
			this.values.add(Application.TENANT.get());
			Application.TENANT.set("left behind");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		static final MethodDescriptor<String, String> CALL = MethodDescriptor.<String, String>newBuilder()
			.setType(MethodDescriptor.MethodType.UNARY)
			.setFullMethodName("tests.Remote/CALL")
			.setRequestMarshaller(new TextMarshaller())
			.setResponseMarshaller(new TextMarshaller())
			.build();

		@ContextVariable(header = "X-Tenant")
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

		@Bean
		static Seen seen(WorkRegistry workRegistry) {
			return new Seen(workRegistry, new LinkedBlockingQueue<>(), new LinkedBlockingQueue<>());
		}

		@Bean
		static WorkConfiguration.Tracking tracking() {
			return new WorkConfiguration.Tracking();
		}

		@Configuration(proxyBeanMethods = false)
		@ConditionalOnProperty(name = "tests.transport", havingValue = "kafka")
		static class Kafka {

			private final Seen seen;

			Kafka(Seen seen) {
				this.seen = seen;
			}

			@KafkaListener(topics = "${tests.topic}", groupId = "remote", properties = "auto.offset.reset=earliest")
			void on(String text) {
				this.seen.here();
			}

		}

		@Configuration(proxyBeanMethods = false)
		@ConditionalOnProperty(name = "tests.transport", havingValue = "rabbit")
		static class Rabbit {

			private final Seen seen;

			Rabbit(Seen seen) {
				this.seen = seen;
			}

			@Bean
			static Queue remoteQueue() {
				return new AnonymousQueue();
			}

			@RabbitListener(queues = "#{remoteQueue.name}")
			void on(Object message) {
				this.seen.here();
			}

		}

		@Configuration(proxyBeanMethods = false)
		@ConditionalOnProperty(name = "tests.transport", havingValue = "jms")
		static class Jms {

			private final Seen seen;

			Jms(Seen seen) {
				this.seen = seen;
			}

			@JmsListener(destination = "remote")
			void on(String text) {
				this.seen.here();
			}

		}

		@GrpcService
		@ConditionalOnProperty(name = "tests.transport", havingValue = "grpc")
		static class Grpc implements BindableService {

			private final Seen seen;

			Grpc(Seen seen) {
				this.seen = seen;
			}

			@Override
			public ServerServiceDefinition bindService() {
				return ServerServiceDefinition.builder("tests.Remote")
					.addMethod(CALL, ServerCalls.asyncUnaryCall((String text, StreamObserver<String> out) -> {
						this.seen.here();
						out.onNext(text);
						out.onCompleted();
					}))
					.build();
			}

		}

	}

}

package io.github.contextvars.spring.messaging;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.kafka.autoconfigure.DefaultKafkaConsumerFactoryCustomizer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.kafka.annotation.BackOff;
import org.springframework.kafka.annotation.DltHandler;
import org.springframework.kafka.annotation.EnableKafkaRetryTopic;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.CommonLoggingErrorHandler;
import org.springframework.kafka.listener.CompositeRecordInterceptor;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.support.serializer.ErrorHandlingDeserializer;
import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.util.backoff.FixedBackOff;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each record, and each batch of records, has a context of its own, from the first
 * interceptor to the last recoverer.
 */
class KafkaPropagationTests {

	private static final int UNITS = 240;

	private static EmbeddedKafkaBroker broker;

	private final long leakedScopes = Context.leakedScopes();

	private WorkerProbe.Threads threads;

	private ConfigurableApplicationContext application;

	@BeforeAll
	static void startBroker() {
		broker = new EmbeddedKafkaKraftBroker(1, 2)
			.brokerProperties(Map.of("group.initial.rebalance.delay.ms", "0", "offsets.topic.num.partitions", "1"));
		// By default it sets a system property, which other tests' applications would
		// read.
		broker.brokerListProperty("tests.kafka.propagation");
		broker.afterPropertiesSet();
	}

	@AfterAll
	static void stopBroker() {
		broker.destroy();
	}

	@AfterEach
	void closeAndAssertClean() throws Exception {
		this.application.close();
		this.threads.joinAndAssertClean();
		assertThat(Context.leakedScopes()).isEqualTo(this.leakedScopes);
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void recordsAreSeparate(Threading threading) {
		start(threading, "single");

		List<MixedWork.Unit> units = send("single");

		work().assertSeen(units, (unit) -> {
			String value = unit.expected();
			List<String> attempt = List.of("intercept -", "listener " + value + " " + value);
			if (!fails(unit.id())) {
				return concat(attempt, List.of("success " + value, "afterRecord " + value));
			}
			List<String> end = List.of("afterRecord " + value);
			return concat(attempt, List.of("failure " + value), end, attempt,
					List.of("failure " + value, "recoverer " + value), end);
		});
		assertPropagates("single");
	}

	@Test
	void recordsOfPlainListenerAreSeparateWhateverHasStartedItsContainer() {
		start(Threading.PLATFORM, "plain");
		new Context().run(() -> {
			MixedWork.TENANT.set("starter");
			this.application.getBean("plainContainer", ConcurrentMessageListenerContainer.class).start();
		});

		List<MixedWork.Unit> units = send("plain");

		work().assertSeen(units, (unit) -> List.of("intercept -", "listener " + unit.expected()));
		assertPropagates("plainContainer");
	}

	@Test
	void batchesAreSeparate() {
		start(Threading.PLATFORM, "batch", "spring.kafka.listener.auto-startup=false");
		WorkRegistry registry = this.application.getBean(WorkRegistry.class);
		registry.startCounting();

		// Both partitions wait, so that one poll finds both.
		List<MixedWork.Unit> units = send("batch", "", 2);
		this.application.getBean(KafkaListenerEndpointRegistry.class).getListenerContainer("batch").start();

		Batches batches = this.application.getBean(Batches.class);
		Awaitility.await()
			.untilAsserted(
					() -> assertThat(batches.handled).containsAll(units.stream().map(MixedWork.Unit::id).toList()));
		assertThat(batches.seen).contains("intercept -", "recoverer of the batch");
		assertThat(batches.seen).allMatch((line) -> line.equals("intercept -") || line.equals("listener of the batch")
				|| line.equals("recoverer of the batch"));
		assertThat(registry.count(UnitOfWork.Kind.MESSAGE))
			.isGreaterThanOrEqualTo(batches.seen.stream().filter("intercept -"::equals).count());
		assertPropagates("batch");
	}

	@Test
	void recordsOfRetryTopicsAreSeparate() {
		start(Threading.PLATFORM, "retried");

		List<MixedWork.Unit> units = send("retried");

		work().assertSeenInAnyOrder(units, (unit) -> {
			String value = unit.expected();
			List<String> attempt = List.of("intercept -", "listener " + value);
			if (!fails(unit.id())) {
				return concat(attempt, List.of("success " + value, "afterRecord " + value));
			}
			List<String> failed = concat(attempt, List.of("failure " + value, "afterRecord " + value));
			return concat(failed, failed,
					List.of("intercept -", "dlt " + value, "success " + value, "afterRecord " + value));
		});
	}

	@Test
	void recordThatCannotBeDeserializedFailsInContextOfItsOwn() {
		start(Threading.PLATFORM, "broken");

		List<MixedWork.Unit> units = send("broken");
		KafkaTemplate<String, String> template = this.application.getBean(KafkaTemplate.class);
		for (int partition = 0; partition < 2; partition++) {
			template.send("broken", partition, null, "unreadable");
			template.send("broken", partition, null, "unreadable");
		}

		work().assertSeen(units, (unit) -> List.of("intercept -", "listener " + unit.expected(),
				"success " + unit.expected(), "afterRecord " + unit.expected()));
		work().assertSeen(List.of(new MixedWork.Unit("unreadable", "of the failure")),
				(unit) -> Collections
					.nCopies(4, List.of("failure -", "recoverer of the failure", "afterRecord of the failure"))
					.stream()
					.flatMap(List::stream)
					.toList());
	}

	@Test
	void interceptorThatCustomizerComposesOrReplacesIsSurrounded() {
		start(Threading.PLATFORM, "single", "tests.customize=replace");
		work().assertSeen(send("single", "replaced-"),
				(unit) -> List.of("intercept -", "listener " + unit.expected() + " " + unit.expected()));
		assertPropagates("single");
		this.application.close();

		start(Threading.PLATFORM, "single", "tests.customize=compose");
		work().assertSeen(send("single", "composed-"), (unit) -> {
			String value = unit.expected();
			return List.of("intercept -", "intercept " + value, "listener " + value + " " + value, "success " + value,
					"afterRecord " + value);
		});
		assertPropagates("single");
	}

	private void start(Threading threading, String listener, String... properties) {
		this.threads = WorkerProbe.Threads.of(threading);
		this.application = new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.initializers((context) -> ((GenericApplicationContext) context).registerBean(WorkerProbe.Threads.class,
					() -> this.threads))
			.properties("tests.frameworks=kafka", "spring.main.banner-mode=off", "tests.listener=" + listener,
					"spring.kafka.bootstrap-servers=" + broker.getBrokersAsString(),
					"spring.kafka.consumer.auto-offset-reset=earliest", "spring.kafka.consumer.group-id=tests",
					"spring.kafka.consumer.fetch-max-wait=10ms", "logging.level.org.apache.kafka=off",
					"logging.level.kafka=off", "logging.level.org.springframework.kafka=off", threading.property())
			.properties(properties)
			.run();
	}

	private MixedWork work() {
		return this.application.getBean(MixedWork.class);
	}

	private List<MixedWork.Unit> send(String topic) {
		return send(topic, "");
	}

	private List<MixedWork.Unit> send(String topic, String prefix) {
		return send(topic, prefix, 1);
	}

	private List<MixedWork.Unit> send(String topic, String prefix, int partitions) {
		KafkaTemplate<String, String> template = this.application.getBean(KafkaTemplate.class);
		List<MixedWork.Unit> units = MixedWork.units(UNITS)
			.stream()
			.map((unit) -> new MixedWork.Unit(prefix + unit.id(), unit.tenant()))
			.toList();
		for (MixedWork.Unit unit : units) {
			Integer partition = (partitions > 1) ? units.indexOf(unit) % partitions : null;
			ProducerRecord<String, String> message = new ProducerRecord<>(topic, partition, null, unit.id());
			if (unit.tenant() != null) {
				message.headers().add("tenant", unit.tenant().getBytes(StandardCharsets.UTF_8));
			}
			template.send(message);
		}
		template.flush();
		return units;
	}

	private void assertPropagates(String name) {
		assertThat(this.application.getBeanProvider(PropagationSource.class)
			.stream()
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.name().equals(name))).singleElement()
			.satisfies((entry) -> assertThat(entry.propagates()).isTrue());
	}

	@SafeVarargs
	private static List<String> concat(List<String>... parts) {
		return Stream.of(parts).flatMap(List::stream).toList();
	}

	private static boolean fails(String id) {
		return id.matches("unit-(60|61|180)");
	}

	private static String tenantOf(Headers headers) {
		Header header = headers.lastHeader("tenant");
		return (header != null) ? new String(header.value(), StandardCharsets.UTF_8) : null;
	}

	/**
	 * An application with one of several listeners.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		@ContextVariable
		ContextVar<String> tenant() {
			return MixedWork.TENANT;
		}

		@Bean
		MixedWork work() {
			return new MixedWork();
		}

		@Bean
		RecordInterceptor<Object, Object> interceptor(MixedWork work) {
			return new Interceptor(work);
		}

		@Bean
		Batches batches() {
			return new Batches();
		}

		@Bean
		CommonErrorHandler errorHandler(MixedWork work, Batches batches, @Value("${tests.listener}") String listener) {
			if (listener.equals("broken")) {
				return new GoingOn(work);
			}
			return new DefaultErrorHandler((failed, ex) -> {
				work.see(idOf(failed), "recoverer");
				batches.see("recoverer");
				batches.handled.add(idOf(failed));
			}, new FixedBackOff(0, 1));
		}

		// On threads that tell whether they end in a context.
		@Bean
		ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> customizer(
				WorkerProbe.Threads threads, MixedWork work, @Value("${tests.customize:}") String customize) {
			return (container) -> {
				SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor();
				executor.setThreadFactory(threads);
				container.getContainerProperties().setListenerTaskExecutor(executor);
				container.getContainerProperties().setSubBatchPerPartition(true);
				if (customize.equals("replace")) {
					container.setRecordInterceptor((message, consumer) -> {
						work.begin(idOf(message), "intercept", tenantOf(message.headers()));
						return message;
					});
				}
				else if (customize.equals("compose")) {
					container.setRecordInterceptor(
							new CompositeRecordInterceptor<>(container.getRecordInterceptor(), (message, consumer) -> {
								work.see(idOf(message), "intercept");
								return message;
							}));
				}
			};
		}

		static String idOf(ConsumerRecord<?, ?> message) {
			return (message.value() != null) ? message.value().toString() : "unreadable";
		}

		@Configuration(proxyBeanMethods = false)
		@ConditionalOnProperty(name = "tests.listener", havingValue = "single")
		static class Single {

			@Autowired
			private MixedWork work;

			@KafkaListener(id = "single", topics = "single", concurrency = "2")
			void on(@Payload String id, @FromContext("tenant") String tenant) {
				this.work.see(id, "listener " + tenant);
				if (fails(id)) {
					throw new IllegalStateException("planned");
				}
				MixedWork.TENANT.set("left by " + id);
				MixedWork.TENANT.set(tenant);
			}

		}

		@Configuration(proxyBeanMethods = false)
		@ConditionalOnProperty(name = "tests.listener", havingValue = "plain")
		static class Plain {

			@Bean
			ConcurrentMessageListenerContainer<String, String> plainContainer(
					ConsumerFactory<String, String> consumerFactory, AsyncTaskExecutor executor, MixedWork work) {
				ContainerProperties properties = new ContainerProperties("plain");
				properties.setListenerTaskExecutor(executor);
				properties.setMessageListener(
						(MessageListener<String, String>) (message) -> work.end(message.value(), "listener"));
				consumerFactory.updateConfigs(Map.of(ConsumerConfig.GROUP_ID_CONFIG, "plain"));
				((DefaultKafkaConsumerFactory<String, String>) consumerFactory)
					.setValueDeserializerSupplier(() -> (topic, bytes) -> {
						String id = new String(bytes, StandardCharsets.UTF_8);
						if (MixedWork.TENANT.get().equals("starter")) {
							work.see(id, "deserializer");
						}
						MixedWork.TENANT.set("of the poll");
						return id;
					});
				ConcurrentMessageListenerContainer<String, String> container = new ConcurrentMessageListenerContainer<>(
						consumerFactory, properties);
				container.setAutoStartup(false);
				container.setRecordInterceptor((message, consumer) -> {
					work.begin(message.value(), "intercept", tenantOf(message.headers()));
					return message;
				});
				return container;
			}

		}

		@Configuration(proxyBeanMethods = false)
		@ConditionalOnProperty(name = "tests.listener", havingValue = "batch")
		static class Batch {

			@Bean
			BatchInterceptor<Object, Object> batchInterceptor(Batches batches) {
				return (messages, consumer) -> {
					batches.see("intercept");
					MixedWork.TENANT.set("of the batch");
					return messages;
				};
			}

			@Bean
			BatchListener batchListener(Batches batches) {
				return new BatchListener(batches);
			}

		}

		@Configuration(proxyBeanMethods = false)
		@ConditionalOnProperty(name = "tests.listener", havingValue = "retried")
		@EnableKafkaRetryTopic
		static class Retried {

			@Bean
			static ThreadPoolTaskScheduler retryScheduler() {
				return new ThreadPoolTaskScheduler();
			}

			@Bean
			static RetriedListener retriedListener(MixedWork work) {
				return new RetriedListener(work);
			}

		}

		@Configuration(proxyBeanMethods = false)
		@ConditionalOnProperty(name = "tests.listener", havingValue = "broken")
		static class Broken {

			@Autowired
			private MixedWork work;

			// Reads all but one text.
			@Bean
			static DefaultKafkaConsumerFactoryCustomizer deserializer() {
				return (factory) -> setDeserializer(factory, (topic, bytes) -> {
					String text = new String(bytes, StandardCharsets.UTF_8);
					if (text.equals("unreadable")) {
						throw new IllegalStateException("planned");
					}
					return text;
				});
			}

			private static <V> void setDeserializer(DefaultKafkaConsumerFactory<?, V> factory,
					Deserializer<?> deserializer) {
				@SuppressWarnings("unchecked")
				Deserializer<V> right = (Deserializer<V>) deserializer;
				factory.setValueDeserializerSupplier(() -> new ErrorHandlingDeserializer<>(right));
			}

			@KafkaListener(id = "broken", topics = "broken")
			void on(@Payload String id) {
				this.work.see(id, "listener");
			}

		}

	}

	static class RetriedListener {

		private final MixedWork work;

		RetriedListener(MixedWork work) {
			this.work = work;
		}

		@RetryableTopic(attempts = "2", backOff = @BackOff(1))
		@KafkaListener(id = "retried", topics = "retried")
		void on(@Payload String id) {
			this.work.see(id, "listener");
			if (fails(id)) {
				throw new IllegalStateException("planned");
			}
		}

		@DltHandler
		void dead(@Payload String id) {
			this.work.see(id, "dlt");
		}

	}

	static class BatchListener {

		private final Batches batches;

		private final AtomicBoolean failed = new AtomicBoolean();

		BatchListener(Batches batches) {
			this.batches = batches;
		}

		@KafkaListener(id = "batch", topics = "batch", batch = "true")
		void on(List<String> ids) {
			this.batches.see("listener");
			if (ids.contains("unit-239") && this.failed.compareAndSet(false, true)) {
				throw new IllegalStateException("planned, for the whole batch");
			}
			for (String id : ids) {
				if (fails(id) && !this.batches.handled.contains(id)) {
					throw new BatchListenerFailedException("planned", ids.indexOf(id));
				}
				this.batches.handled.add(id);
			}
		}

	}

	/**
	 * An error handler that goes on with the next record of the same poll.
	 */
	static final class GoingOn extends CommonLoggingErrorHandler {

		private final MixedWork work;

		GoingOn(MixedWork work) {
			this.work = work;
		}

		@Override
		public boolean handleOne(Exception ex, ConsumerRecord<?, ?> failed, Consumer<?, ?> consumer,
				MessageListenerContainer container) {
			this.work.see(Application.idOf(failed), "recoverer");
			return true;
		}

	}

	static final class Batches {

		private final Queue<String> seen = new ConcurrentLinkedQueue<>();

		private final Queue<String> handled = new ConcurrentLinkedQueue<>();

		void see(String hook) {
			this.seen.add(hook + " " + MixedWork.TENANT.get());
		}

	}

	/**
	 * The application's interceptor, which fills the variable.
	 */
	static final class Interceptor implements RecordInterceptor<Object, Object> {

		private final MixedWork work;

		Interceptor(MixedWork work) {
			this.work = work;
		}

		@Override
		public ConsumerRecord<Object, Object> intercept(ConsumerRecord<Object, Object> message,
				Consumer<Object, Object> consumer) {
			this.work.begin(Application.idOf(message), "intercept", tenantOf(message.headers()));
			return message;
		}

		@Override
		public void success(ConsumerRecord<Object, Object> message, Consumer<Object, Object> consumer) {
			this.work.see(Application.idOf(message), "success");
		}

		@Override
		public void failure(ConsumerRecord<Object, Object> message, Exception ex, Consumer<Object, Object> consumer) {
			this.work.see(Application.idOf(message), "failure");
			if (message.value() == null) {
				MixedWork.TENANT.set("of the failure");
			}
		}

		@Override
		public void afterRecord(ConsumerRecord<Object, Object> message, Consumer<Object, Object> consumer) {
			this.work.end(Application.idOf(message), "afterRecord");
		}

	}

}

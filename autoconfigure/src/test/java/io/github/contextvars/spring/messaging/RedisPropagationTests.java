package io.github.contextvars.spring.messaging;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.data.redis.annotation.EnableRedisListeners;
import org.springframework.data.redis.annotation.RedisListener;
import org.springframework.data.redis.config.RedisListenerConfigurer;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.stream.Consumer;
import org.springframework.data.redis.connection.stream.MapRecord;
import org.springframework.data.redis.connection.stream.ReadOffset;
import org.springframework.data.redis.connection.stream.StreamOffset;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.data.redis.stream.StreamListener;
import org.springframework.data.redis.stream.StreamMessageListenerContainer;
import org.springframework.data.redis.stream.StreamMessageListenerContainer.StreamMessageListenerContainerOptions;
import org.springframework.data.redis.stream.StreamMessageListenerContainer.StreamReadRequest;
import org.springframework.data.redis.stream.Subscription;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.converter.AbstractMessageConverter;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.util.MimeTypeUtils;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.Services;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Each message of a Redis container, for channels and for streams, has a context of its
 * own, from the converter to the error handler. The server is one that answers on its
 * standard port of this machine; without it, the tests are skipped.
 */
class RedisPropagationTests {

	private static final String RUN = UUID.randomUUID().toString();

	private final long leakedScopes = Context.leakedScopes();

	private WorkerProbe.Threads threads;

	private ConfigurableApplicationContext application;

	@BeforeAll
	static void requireServer() {
		assumeTrue(Services.REDIS.isThere(), Services.REDIS::absence);
	}

	@AfterEach
	void closeAndAssertClean() throws Exception {
		StringRedisTemplate template = this.application.getBean(StringRedisTemplate.class);
		template.delete(List.of(name("group"), name("plain"), name("pooled"), name("early")));
		this.application.close();
		this.threads.joinAndAssertClean();
		assertThat(Context.leakedScopes()).isEqualTo(this.leakedScopes);
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void messagesOfChannelsAreSeparate(Threading threading) {
		start(threading);

		List<MixedWork.Unit> units = publish("annotated");

		work().assertSeen(units,
				(unit) -> List.of("converter -", "listener " + unit.expected() + " " + unit.expected()));
		BrokerApplication.assertPropagates(this.application, "channelContainer");
	}

	@Test
	void messagesOfPlainListenersAreSeparate() {
		start(Threading.PLATFORM);

		work().assertSeen(publish("listener"),
				(unit) -> BrokerApplication.fails(unit.id()) ? List.of("listener -", "error handler " + unit.expected())
						: List.of("listener -", "listener " + unit.expected()));
		BrokerApplication.assertPropagates(this.application, "pooledContainer");
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void recordsOfStreamsAreSeparate(Threading threading) {
		start(threading);
		this.application.getBean("streamContainer", StreamMessageListenerContainer.class).start();

		for (String stream : List.of("group", "plain")) {
			work().assertSeen(add(stream),
					(unit) -> BrokerApplication.fails(unit.id())
							? List.of("listener -", "error handler " + unit.expected())
							: List.of("listener -", "listener " + unit.expected()));
		}
		BrokerApplication.assertPropagates(this.application, "streamContainer");
	}

	@Test
	void recordsOfStreamsAreSeparateWhateverHasStartedTheirContainer() {
		start(Threading.PLATFORM);
		new Context().run(() -> {
			MixedWork.TENANT.set("starter");
			this.application.getBean("pooledStreamContainer", StreamMessageListenerContainer.class).start();
		});

		work().assertSeen(add("pooled"), (unit) -> List.of("loop - listener -", "listener " + unit.expected()));
		BrokerApplication.assertPropagates(this.application, "pooledStreamContainer");
	}

	@Test
	void containersThatAreNotReachedAreNamed() {
		start(Threading.PLATFORM);
		this.application.getBean("channelContainer", RedisMessageListenerContainer.class)
			.setTaskExecutor(Runnable::run);

		assertThat(entry("earlyStreamContainer").reason())
			.isEqualTo("a listener was registered before the container was a bean");
		assertThat(entry("channelContainer").reason())
			.isEqualTo("its executor was replaced after the container bean was created");
	}

	@Test
	void streamContainerBehavesAsTheOneOfSpring() throws Exception {
		start(Threading.PLATFORM);
		StreamMessageListenerContainer<?, ?> container = this.application.getBean("streamContainer",
				StreamMessageListenerContainer.class);
		Subscription subscription = this.application.getBean("plainSubscription", Subscription.class);

		assertThat(container.isAutoStartup()).isFalse();
		assertThat(container.getPhase()).isEqualTo(12);
		container.start();
		assertThat(container.isRunning()).isTrue();
		for (String name : List.of("groupSubscription", "plainSubscription")) {
			assertThat(this.application.getBean(name, Subscription.class).await(Duration.ofSeconds(30))).isTrue();
		}
		container.remove(subscription);
		Awaitility.await().until(() -> !subscription.isActive());
		boolean[] called = new boolean[1];
		container.stop(() -> called[0] = true);
		assertThat(called).containsExactly(true);
		assertThat(container.isRunning()).isFalse();
	}

	private PropagationSource.Entry entry(String name) {
		return this.application.getBeanProvider(PropagationSource.class)
			.stream()
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.name().equals(name))
			.findFirst()
			.orElseThrow();
	}

	private void start(Threading threading) {
		this.threads = WorkerProbe.Threads.of(threading);
		this.application = new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.initializers((context) -> ((GenericApplicationContext) context).registerBean(WorkerProbe.Threads.class,
					() -> this.threads))
			.properties("tests.frameworks=data.redis", "spring.main.banner-mode=off", "tests.run=" + RUN,
					"logging.level.org.springframework.data.redis=off", threading.property())
			.run();
	}

	private MixedWork work() {
		return this.application.getBean(MixedWork.class);
	}

	private static String name(String name) {
		return name + "-" + RUN;
	}

	private List<MixedWork.Unit> publish(String channel) {
		List<MixedWork.Unit> units = BrokerApplication.units(channel + "-");
		StringRedisTemplate template = this.application.getBean(StringRedisTemplate.class);
		for (MixedWork.Unit unit : units) {
			template.convertAndSend(name(channel), unit.id() + " " + unit.expected());
		}
		return units;
	}

	private List<MixedWork.Unit> add(String stream) {
		List<MixedWork.Unit> units = BrokerApplication.units(stream + "-");
		StringRedisTemplate template = this.application.getBean(StringRedisTemplate.class);
		for (MixedWork.Unit unit : units) {
			template.opsForStream().add(name(stream), Map.of("id", unit.id(), "tenant", unit.expected()));
		}
		return units;
	}

	/**
	 * An application whose converter fills the variable.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableRedisListeners
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
		Workers workers(WorkerProbe.Threads threads) {
			return new Workers(Executors.newFixedThreadPool(3, threads));
		}

		@Bean
		ThreadPoolTaskExecutor pool(WorkerProbe.Threads threads) {
			ThreadPoolTaskExecutor pool = new ThreadPoolTaskExecutor();
			pool.setThreadFactory(threads);
			pool.setCorePoolSize(2);
			return pool;
		}

		@Bean
		RedisListenerConfigurer converters(MixedWork work) {
			return new RedisListenerConfigurer() {

				@Override
				public void configureMessageConverters(
						org.springframework.data.redis.serializer.RedisMessageConverters.Builder builder) {
					builder.addCustomConverter(new Converter(work));
				}

			};
		}

		@Bean
		RedisMessageListenerContainer channelContainer(RedisConnectionFactory connectionFactory, Workers workers) {
			RedisMessageListenerContainer container = new RedisMessageListenerContainer();
			container.setConnectionFactory(connectionFactory);
			container.setTaskExecutor(workers.executor());
			return container;
		}

		@Bean
		RedisMessageListenerContainer pooledContainer(RedisConnectionFactory connectionFactory,
				@Qualifier("pool") ThreadPoolTaskExecutor pool, MixedWork work) {
			RedisMessageListenerContainer container = new RedisMessageListenerContainer();
			container.setConnectionFactory(connectionFactory);
			container.setTaskExecutor(pool);
			container.setErrorHandler((error) -> work.end(error.getMessage(), "error handler"));
			container.addMessageListener((message, pattern) -> {
				String[] parts = new String(message.getBody(), StandardCharsets.UTF_8).split(" ");
				handle(parts[0], parts[1], work);
			}, ChannelTopic.of(name("listener")));
			return container;
		}

		@Bean
		StreamMessageListenerContainer<String, MapRecord<String, String, String>> streamContainer(
				RedisConnectionFactory connectionFactory, Workers workers, MixedWork work) {
			return StreamMessageListenerContainer.create(connectionFactory,
					StreamMessageListenerContainerOptions.builder()
						.pollTimeout(Duration.ofMillis(100))
						.executor(workers.executor())
						.errorHandler((error) -> work.end(error.getMessage(), "error handler"))
						.autoStartup(false)
						.phase(12)
						.build());
		}

		@Bean
		Subscription groupSubscription(
				@Qualifier("streamContainer") StreamMessageListenerContainer<String, MapRecord<String, String, String>> container,
				StringRedisTemplate template, MixedWork work) {
			template.opsForStream().createGroup(name("group"), ReadOffset.from("0"), "workers");
			return container
				.register(StreamReadRequest.builder(StreamOffset.create(name("group"), ReadOffset.lastConsumed()))
					.consumer(Consumer.from("workers", "one"))
					.cancelOnError((error) -> false)
					.build(), listener(work));
		}

		@Bean
		Subscription plainSubscription(
				@Qualifier("streamContainer") StreamMessageListenerContainer<String, MapRecord<String, String, String>> container,
				MixedWork work) {
			return container.register(StreamReadRequest.builder(StreamOffset.fromStart(name("plain")))
				.errorHandler((error) -> work.end(error.getMessage(), "error handler"))
				.cancelOnError((error) -> false)
				.build(), listener(work));
		}

		@Bean
		StreamMessageListenerContainer<String, MapRecord<String, String, String>> pooledStreamContainer(
				RedisConnectionFactory connectionFactory, @Qualifier("pool") ThreadPoolTaskExecutor pool) {
			return StreamMessageListenerContainer.create(connectionFactory,
					StreamMessageListenerContainerOptions.builder()
						.pollTimeout(Duration.ofMillis(100))
						.serializer(new LoopSerializer())
						.executor(pool)
						.autoStartup(false)
						.build());
		}

		@Bean
		Subscription pooledSubscription(
				@Qualifier("pooledStreamContainer") StreamMessageListenerContainer<String, MapRecord<String, String, String>> container,
				MixedWork work) {
			return container.receive(StreamOffset.fromStart(name("pooled")), (record) -> {
				work.begin(record.getValue().get("id"), "loop " + LoopSerializer.LOOP.get() + " listener",
						record.getValue().get("tenant"));
				work.see(record.getValue().get("id"), "listener");
			});
		}

		@Bean
		StreamMessageListenerContainer<String, MapRecord<String, String, String>> earlyStreamContainer(
				RedisConnectionFactory connectionFactory, MixedWork work) {
			StreamMessageListenerContainer<String, MapRecord<String, String, String>> container = StreamMessageListenerContainer
				.create(connectionFactory, StreamMessageListenerContainerOptions.builder().autoStartup(false).build());
			container.receive(StreamOffset.fromStart(name("early")), listener(work));
			return container;
		}

		private static StreamListener<String, MapRecord<String, String, String>> listener(MixedWork work) {
			return (record) -> handle(record.getValue().get("id"), record.getValue().get("tenant"), work);
		}

		private static void handle(String id, String tenant, MixedWork work) {
			work.begin(id, "listener", tenant.equals("-") ? null : tenant);
			if (BrokerApplication.fails(id)) {
				throw new IllegalStateException(id);
			}
			work.end(id, "listener");
		}

		@Bean
		Listeners listeners(MixedWork work) {
			return new Listeners(work);
		}

	}

	/**
	 * Threads that the library does not know of: no bean is an executor.
	 *
	 * @param executor runs the tasks of containers
	 */
	record Workers(ExecutorService executor) implements DisposableBean {

		@Override
		public void destroy() {
			this.executor.shutdown();
		}

	}

	/**
	 * Serializer that remembers what the loop of a stream's consumer reads.
	 */
	static final class LoopSerializer implements RedisSerializer<String> {

		private static final ThreadLocal<String> LOOP = new ThreadLocal<>();

		@Override
		public byte[] serialize(String text) {
			return RedisSerializer.string().serialize(text);
		}

		@Override
		public String deserialize(byte[] bytes) {
			LOOP.set(MixedWork.TENANT.get());
			return RedisSerializer.string().deserialize(bytes);
		}

	}

	static class Listeners {

		private final MixedWork work;

		Listeners(MixedWork work) {
			this.work = work;
		}

		@RedisListener(topic = "annotated-${tests.run}", container = "channelContainer")
		void on(@Payload MixedWork.Unit unit, @FromContext("tenant") String tenant) {
			this.work.end(unit.id(), "listener " + tenant);
		}

	}

	static final class Converter extends AbstractMessageConverter {

		private final MixedWork work;

		Converter(MixedWork work) {
			super(MimeTypeUtils.ALL);
			this.work = work;
			setStrictContentTypeMatch(false);
		}

		@Override
		protected boolean supports(Class<?> type) {
			return type == MixedWork.Unit.class;
		}

		@Override
		protected boolean supportsMimeType(MessageHeaders headers) {
			return true;
		}

		@Override
		protected Object convertFromInternal(Message<?> message, Class<?> target, Object hint) {
			String[] parts = new String((byte[]) message.getPayload(), StandardCharsets.UTF_8).split(" ");
			String tenant = parts[1].equals("-") ? null : parts[1];
			this.work.begin(parts[0], "converter", tenant);
			return new MixedWork.Unit(parts[0], tenant);
		}

	}

}

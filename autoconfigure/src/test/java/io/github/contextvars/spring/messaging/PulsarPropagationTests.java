package io.github.contextvars.spring.messaging;

import java.util.List;
import java.util.Set;

import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.Schema;
import org.apache.pulsar.client.api.SubscriptionType;
import org.apache.pulsar.common.schema.SchemaType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.pulsar.annotation.EnablePulsar;
import org.springframework.pulsar.annotation.PulsarListener;
import org.springframework.pulsar.annotation.PulsarReader;
import org.springframework.pulsar.config.ConcurrentPulsarListenerContainerFactory;
import org.springframework.pulsar.config.DefaultPulsarReaderContainerFactory;
import org.springframework.pulsar.listener.AckMode;
import org.springframework.pulsar.listener.DefaultPulsarConsumerErrorHandler;
import org.springframework.pulsar.listener.DefaultPulsarMessageListenerContainer;
import org.springframework.pulsar.listener.PulsarBatchListenerFailedException;
import org.springframework.pulsar.listener.PulsarContainerProperties;
import org.springframework.pulsar.listener.PulsarMessageRecoverer;
import org.springframework.pulsar.listener.PulsarRecordMessageListener;
import org.springframework.pulsar.reader.PulsarReaderContainerProperties;
import org.springframework.util.backoff.FixedBackOff;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.PulsarTopics;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each message of a Pulsar container has a context of its own, from the listener to the
 * recoverer. The containers are Spring's; the consumers and readers that they poll are
 * fakes, as a broker of Pulsar cannot be embedded.
 */
class PulsarPropagationTests {

	private final long leakedScopes = Context.leakedScopes();

	private WorkerProbe.Threads threads;

	private ConfigurableApplicationContext application;

	@AfterEach
	void closeAndAssertClean() throws Exception {
		this.application.close();
		this.threads.joinAndAssertClean();
		assertThat(Context.leakedScopes()).isEqualTo(this.leakedScopes);
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void messagesAreSeparate(Threading threading) {
		start(threading);

		work().assertSeen(send("annotated"), (unit) -> {
			String value = unit.expected();
			return BrokerApplication.fails(unit.id())
					? List.of("listener -", "retry " + value, "listener -", "retry " + value, "recoverer " + value)
					: List.of("listener -");
		});
		BrokerApplication.assertPropagates(this.application, "annotated");
	}

	@Test
	void batchesAreSeparate() {
		start(Threading.PLATFORM);

		work().assertSeen(send("batch"),
				(unit) -> BrokerApplication.fails(unit.id()) ? List.of("listener -", "retry " + unit.id(), "listener -",
						"retry " + unit.id(), "recoverer " + unit.id()) : List.of("listener -"));
		BrokerApplication.assertPropagates(this.application, "batch");
	}

	@Test
	void causesAreHandledInTheContextOfTheirBatch() {
		start(Threading.PLATFORM);

		List<MixedWork.Unit> failing = send("batch").stream()
			.filter((unit) -> BrokerApplication.fails(unit.id()))
			.toList();

		work().assertSeen(failing, (unit) -> List.of("listener -", "retry " + unit.id(), "listener -",
				"retry " + unit.id(), "recoverer " + unit.id()));
	}

	@Test
	void messagesOfPlainListenersAreSeparateWhateverHasStartedTheirContainer() {
		start(Threading.PLATFORM);
		new Context().run(() -> {
			MixedWork.TENANT.set("starter");
			this.application.getBean("plainContainer", DefaultPulsarMessageListenerContainer.class).start();
		});

		work().assertSeen(send("plain"), (unit) -> List.of("loop - listener -"));
		BrokerApplication.assertPropagates(this.application, "plainContainer");
	}

	@Test
	void messagesOfReadersAreSeparate() {
		start(Threading.PLATFORM);

		work().assertSeen(send("read"), (unit) -> List.of("reader -"));
		BrokerApplication.assertPropagates(this.application, "read");
	}

	private void start(Threading threading) {
		this.threads = WorkerProbe.Threads.of(threading);
		this.application = new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.initializers((context) -> ((GenericApplicationContext) context).registerBean(WorkerProbe.Threads.class,
					() -> this.threads))
			.properties("spring.main.banner-mode=off", "logging.level.org.springframework.pulsar=off",
					threading.property())
			.run();
	}

	private MixedWork work() {
		return this.application.getBean(MixedWork.class);
	}

	private List<MixedWork.Unit> send(String topic) {
		List<MixedWork.Unit> units = BrokerApplication.units(topic + "-");
		PulsarTopics topics = this.application.getBean(PulsarTopics.class);
		units.forEach((unit) -> topics.send(topic, unit.id(), unit.tenant()));
		return units;
	}

	/**
	 * An application whose listeners fill the variable.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnablePulsar
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
		PulsarTopics topics() {
			return new PulsarTopics();
		}

		@Bean
		ConcurrentPulsarListenerContainerFactory<String> pulsarListenerContainerFactory(PulsarTopics topics,
				WorkerProbe.Threads threads) {
			PulsarContainerProperties properties = new PulsarContainerProperties();
			SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor();
			executor.setThreadFactory(threads);
			properties.setConsumerTaskExecutor(executor);
			properties.setSubscriptionType(SubscriptionType.Shared);
			properties.setConcurrency(2);
			properties.setAckMode(AckMode.RECORD);
			return new ConcurrentPulsarListenerContainerFactory<>(topics, properties);
		}

		@Bean
		DefaultPulsarReaderContainerFactory<String> pulsarReaderContainerFactory(PulsarTopics topics) {
			return new DefaultPulsarReaderContainerFactory<>(topics, new PulsarReaderContainerProperties());
		}

		@Bean
		DefaultPulsarMessageListenerContainer<String> plainContainer(PulsarTopics topics,
				@Qualifier("pool") SimpleAsyncTaskExecutor pool, MixedWork work) {
			PulsarContainerProperties properties = new PulsarContainerProperties();
			properties.setConsumerTaskExecutor(pool);
			properties.setTopics(Set.of("plain"));
			properties.setSchema(Schema.STRING);
			properties.setAckMode(AckMode.RECORD);
			properties.setMessageListener((PulsarRecordMessageListener<String>) (consumer, message) -> {
				work.see(message.getValue(), "loop " + topics.polledIn() + " listener");
				MixedWork.TENANT.set("left by " + message.getValue());
			});
			DefaultPulsarMessageListenerContainer<String> container = new DefaultPulsarMessageListenerContainer<>(
					topics, properties);
			container.setAutoStartup(false);
			return container;
		}

		// Containers wait for the threads of their loops to end.
		@Bean
		SimpleAsyncTaskExecutor pool(WorkerProbe.Threads threads) {
			SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor();
			executor.setThreadFactory(threads);
			return executor;
		}

		@Bean
		Failures failures(MixedWork work) {
			return new Failures(work);
		}

		@Bean
		Listeners listeners(MixedWork work) {
			return new Listeners(work);
		}

	}

	static class Listeners {

		private final MixedWork work;

		Listeners(MixedWork work) {
			this.work = work;
		}

		@PulsarListener(id = "annotated", topics = "annotated", pulsarConsumerErrorHandler = "failures",
				schemaType = SchemaType.STRING)
		void on(Message<String> message) {
			String id = message.getValue();
			this.work.begin(id, "listener", message.getProperty("tenant"));
			if (BrokerApplication.fails(id)) {
				throw new IllegalStateException(id);
			}
		}

		@PulsarListener(id = "batch", topics = "batch", batch = true, ackMode = AckMode.BATCH,
				pulsarConsumerErrorHandler = "failures", schemaType = SchemaType.STRING)
		void onBatch(List<Message<String>> batch) {
			String seen = MixedWork.TENANT.get();
			for (Message<String> message : batch) {
				String id = message.getValue();
				new Context().run(() -> this.work.begin(id, "listener", seen));
				MixedWork.TENANT.set(id);
				if (BrokerApplication.fails(id)) {
					throw new PulsarBatchListenerFailedException(id, message);
				}
			}
		}

		@PulsarReader(id = "read", topics = "read", startMessageId = "earliest", schemaType = SchemaType.STRING)
		void read(Message<String> message) {
			this.work.end(message.getValue(), "reader");
		}

	}

	/**
	 * One retry, then the recoverer.
	 */
	static final class Failures extends DefaultPulsarConsumerErrorHandler<String> {

		private final MixedWork work;

		Failures(MixedWork work) {
			super((consumer) -> (PulsarMessageRecoverer<String>) (message, ex) -> work.see(message.getValue(),
					"recoverer"), new FixedBackOff(0, 1));
			this.work = work;
		}

		@Override
		public boolean shouldRetryMessage(Exception exception, Message<String> message) {
			this.work.see(message.getValue(), "retry");
			return super.shouldRetryMessage(exception, message);
		}

	}

}

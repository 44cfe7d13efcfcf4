package io.github.contextvars.spring.stress;

import java.time.Duration;
import java.util.Random;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;

import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsMessagingAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.testing.KafkaBroker;
import io.github.contextvars.spring.testing.ThreadContextProbe;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Records of several users in a mix, of which some fail and are retried, read one by one
 * and in batches: no value is seen in the wrong place, none is lost, and no thread is
 * left in a context.
 */
@Tag("stress")
class KafkaLoadTests {

	private static final long SEED = Long.getLong("stress.seed", System.nanoTime());

	private static final int RECORDS = Integer.getInteger("stress.requests", 50_000) / 5;

	private static KafkaBroker broker;

	@BeforeAll
	static void start() {
		broker = KafkaBroker.start();
	}

	@AfterAll
	static void stop() {
		broker.close();
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void recordsMixNothingUp(Threading threading) throws Exception {
		run(threading, RECORDS / (int) Threading.available().count());
	}

	/**
	 * The smallest size that detects a fault which every record shows.
	 */
	@Test
	void fewRecordsMixNothingUp() throws Exception {
		run(Threading.PLATFORM, 600);
	}

	private static void run(Threading threading, int records) throws Exception {
		long start = System.nanoTime();
		String topic = broker.createTopic(KafkaLoadApplication.CONSUMERS * 2);
		WorkerProbe.Threads threads = WorkerProbe.Threads.of(threading);
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
					ContextVarsTaskAutoConfiguration.class, ContextVarsMessagingAutoConfiguration.class,
					AopAutoConfiguration.class, KafkaAutoConfiguration.class))
			.withUserConfiguration(KafkaLoadApplication.class)
			.withBean(WorkerProbe.Threads.class, () -> threads)
			.withPropertyValues(broker.properties())
			.withPropertyValues("topic=" + topic)
			.run((context) -> {
				ThreadContextProbe.watch();
				KafkaLoadApplication.Hooks hooks = context.getBean(KafkaLoadApplication.Hooks.class);
				send(topic, records);
				Awaitility.await()
					.atMost(Duration.ofMinutes(10))
					.until(() -> hooks.readOneByOne() == records && hooks.readInBatches() == records);
				context.getBean(KafkaListenerEndpointRegistry.class).stop();
				context.getBean("pool", SimpleAsyncTaskExecutor.class).close();
				threads.joinAndAssertClean();
				ThreadContextProbe.unwatch();

				ViolationLog log = hooks.log();
				System.out.println(records + " records on " + threading + " threads, seed " + SEED + ", "
						+ Duration.ofNanos(System.nanoTime() - start).toSeconds() + " s: " + log + " "
						+ log.violations());
				assertThat(log.violations()).as("seed %d: %s", SEED, log).isEmpty();
				assertThat(context.getBean(WorkRegistry.class).list()).isEmpty();
				for (String hook : KafkaLoadApplication.Hooks.ALL) {
					assertThat(log.counted(hook)).as(hook).isPositive();
				}
			});
	}

	private static void send(String topic, int records) {
		Random random = new Random(SEED);
		try (KafkaProducer<String, String> producer = broker.producer()) {
			for (int i = 0; i < records; i++) {
				producer.send(KafkaLoadApplication.record(topic, i, random));
			}
		}
	}

}

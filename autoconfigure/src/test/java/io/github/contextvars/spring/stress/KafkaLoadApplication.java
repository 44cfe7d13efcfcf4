package io.github.contextvars.spring.stress;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.support.serializer.ErrorHandlingDeserializer;
import org.springframework.util.backoff.FixedBackOff;

import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.spring.work.WorkConfiguration;

/**
 * Application that reads each record of a topic twice, once by itself and once in a
 * batch, and compares what its hooks see with what the record says.
 */
@Configuration(proxyBeanMethods = false)
class KafkaLoadApplication {

	static final int CONSUMERS = 3;

	/**
	 * Create a record of one of ten users, or of none.
	 */
	static ProducerRecord<String, String> record(String topic, int number, Random random) {
		int percentage = random.nextInt(100);
		String fate = (percentage < 2) ? "failing"
				: (percentage < 3) ? "refused" : (percentage < 4) ? "unreadable" : "fine";
		ProducerRecord<String, String> record = new ProducerRecord<>(topic, "record-" + number, fate);
		if (random.nextInt(3) == 0) {
			record.headers().add("id", ("user-" + random.nextInt(10)).getBytes(StandardCharsets.UTF_8));
		}
		return record;
	}

	@Bean
	WorkConfiguration.Tracking tracking() {
		return new WorkConfiguration.Tracking();
	}

	@Bean
	Hooks hooks(SimpleAsyncTaskExecutor pool) {
		return new Hooks(pool);
	}

	@Bean
	SimpleAsyncTaskExecutor pool() {
		SimpleAsyncTaskExecutor pool = new SimpleAsyncTaskExecutor();
		pool.setConcurrencyLimit(4);
		pool.setTaskTerminationTimeout(30_000);
		return pool;
	}

	@Bean
	ConcurrentKafkaListenerContainerFactory<String, String> oneByOne(ConsumerFactory<?, ?> consumerFactory, Hooks hooks,
			WorkerProbe.Threads threads) {
		ConcurrentKafkaListenerContainerFactory<String, String> factory = factory(consumerFactory, hooks, threads);
		factory.setRecordInterceptor(hooks);
		return factory;
	}

	@Bean
	ConcurrentKafkaListenerContainerFactory<String, String> inBatches(ConsumerFactory<?, ?> consumerFactory,
			Hooks hooks, WorkerProbe.Threads threads) {
		ConcurrentKafkaListenerContainerFactory<String, String> factory = factory(consumerFactory, hooks, threads);
		factory.setBatchListener(true);
		factory.setBatchInterceptor(hooks.forBatches());
		factory.getContainerProperties().setSubBatchPerPartition(true);
		return factory;
	}

	private static ConcurrentKafkaListenerContainerFactory<String, String> factory(
			ConsumerFactory<?, ?> consumerFactory, Hooks hooks, WorkerProbe.Threads threads) {
		ConcurrentKafkaListenerContainerFactory<String, String> factory = new ConcurrentKafkaListenerContainerFactory<>();
		DefaultKafkaConsumerFactory<String, String> consumers = new DefaultKafkaConsumerFactory<>(
				consumerFactory.getConfigurationProperties(), new StringDeserializer(),
				new ErrorHandlingDeserializer<>(new CarelessDeserializer()));
		consumers.updateConfigs(Map.of(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 50));
		factory.setConsumerFactory(consumers);
		factory.setConcurrency(CONSUMERS);
		factory.setCommonErrorHandler(
				new DefaultErrorHandler((record, ex) -> hooks.recover(record), new FixedBackOff(0, 1)));
		SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor();
		executor.setThreadFactory(threads);
		factory.getContainerProperties().setListenerTaskExecutor(executor);
		return factory;
	}

	@Bean
	Listeners listeners(Hooks hooks) {
		return new Listeners(hooks);
	}

	record Listeners(Hooks hooks) {

		@KafkaListener(id = "oneByOne", topics = "${topic}", containerFactory = "oneByOne")
		void on(ConsumerRecord<String, String> record) {
			this.hooks.listen(record);
		}

		@KafkaListener(id = "inBatches", topics = "${topic}", containerFactory = "inBatches")
		void on(List<ConsumerRecord<String, String>> batch) {
			this.hooks.listen(batch);
		}

	}

	static final class Hooks implements RecordInterceptor<String, String> {

		static final List<String> ALL = List.of("intercept", "listener", "task", "success", "failure", "recover",
				"after", "batch intercept", "batch listener", "batch success", "batch failure");

		private final ViolationLog log = new ViolationLog();

		private final Set<String> readOneByOne = ConcurrentHashMap.newKeySet();

		private final Set<String> readInBatches = ConcurrentHashMap.newKeySet();

		// What the library is to know, known without it.
		private final ThreadLocal<String> id = new ThreadLocal<>();

		private final ThreadLocal<String> step = new ThreadLocal<>();

		private final SimpleAsyncTaskExecutor pool;

		Hooks(SimpleAsyncTaskExecutor pool) {
			this.pool = pool;
		}

		ViolationLog log() {
			return this.log;
		}

		int readOneByOne() {
			return this.readOneByOne.size();
		}

		int readInBatches() {
			return this.readInBatches.size();
		}

		@Override
		public ConsumerRecord<String, String> intercept(ConsumerRecord<String, String> record,
				Consumer<String, String> consumer) {
			begin("intercept", record);
			if ("refused".equals(record.value())) {
				throw new IllegalStateException("planned");
			}
			return record;
		}

		void listen(ConsumerRecord<String, String> record) {
			pass("listener");
			submit();
			if ("failing".equals(record.value())) {
				throw new IllegalStateException("planned");
			}
			this.readOneByOne.add(record.key());
		}

		private void submit() {
			String expectedId = this.id.get();
			String expectedStep = this.step.get();
			this.pool.execute(() -> {
				this.log.count("task");
				this.log.expect("task", expectedId, expectedStep);
				ViolationLog.STEP.set("left by task");
			});
		}

		@Override
		public void success(ConsumerRecord<String, String> record, Consumer<String, String> consumer) {
			pass("success");
		}

		@Override
		public void failure(ConsumerRecord<String, String> record, Exception exception,
				Consumer<String, String> consumer) {
			if (record.value() == null) {
				begin("failure", record);
			}
			else {
				pass("failure");
			}
		}

		void recover(ConsumerRecord<?, ?> record) {
			pass("recover");
			// Either of the two may be the one that fails.
			this.readOneByOne.add((String) record.key());
		}

		@Override
		public void afterRecord(ConsumerRecord<String, String> record, Consumer<String, String> consumer) {
			pass("after");
			leaveBehind();
		}

		BatchInterceptor<String, String> forBatches() {
			return new BatchInterceptor<>() {

				@Override
				public ConsumerRecords<String, String> intercept(ConsumerRecords<String, String> batch,
						Consumer<String, String> consumer) {
					begin("batch intercept", batch.iterator().next());
					return batch;
				}

				@Override
				public void success(ConsumerRecords<String, String> batch, Consumer<String, String> consumer) {
					pass("batch success");
					leaveBehind();
				}

				@Override
				public void failure(ConsumerRecords<String, String> batch, Exception exception,
						Consumer<String, String> consumer) {
					pass("batch failure");
				}

			};
		}

		void listen(List<ConsumerRecord<String, String>> batch) {
			pass("batch listener");
			for (ConsumerRecord<String, String> record : batch) {
				boolean first = this.readInBatches.add(record.key());
				if (first && "failing".equals(record.value())) {
					throw new BatchListenerFailedException("planned", record);
				}
			}
		}

		private void begin(String hook, ConsumerRecord<String, String> record) {
			this.log.count(hook);
			this.log.expectNothing(hook);
			Header header = record.headers().lastHeader("id");
			this.id.set((header != null) ? new String(header.value(), StandardCharsets.UTF_8) : null);
			if (header != null) {
				ViolationLog.ID.set(this.id.get());
			}
			step(hook + " " + record.key());
		}

		private void pass(String hook) {
			this.log.count(hook);
			this.log.expect(hook, this.id.get(), this.step.get());
			step(hook);
		}

		private void step(String step) {
			ViolationLog.STEP.set(step);
			this.step.set(step);
		}

		private static void leaveBehind() {
			ViolationLog.ID.set("left behind");
			ViolationLog.STEP.set("left behind");
		}

	}

	/**
	 * Deserializer that leaves a value behind in each poll.
	 */
	static final class CarelessDeserializer extends StringDeserializer {

		@Override
		public String deserialize(String topic, Headers headers, byte[] data) {
			ViolationLog.ID.set("left by deserializer");
			String text = super.deserialize(topic, headers, data);
			if ("unreadable".equals(text)) {
				throw new IllegalStateException("planned");
			}
			return text;
		}

	}

}

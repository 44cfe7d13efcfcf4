package io.github.contextvars.spring.messaging;

import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.BatchInterceptor;

/**
 * {@link BatchInterceptor} that gives each batch a context of its own, around the
 * application's interceptor, the listener, the error handler and the recoverer. Nothing
 * is called after the error handler: the context is left at the end of the loop's turn.
 *
 * @param <K> the type of keys
 * @param <V> the type of values
 */
final class KafkaBatchContextInterceptor<K, V> implements BatchInterceptor<K, V> {

	private final @Nullable BatchInterceptor<K, V> delegate;

	private final KafkaContexts contexts;

	/**
	 * Create an interceptor.
	 * @param delegate the application's interceptor, if any
	 * @param contexts the contexts of the consumers' threads
	 */
	KafkaBatchContextInterceptor(@Nullable BatchInterceptor<K, V> delegate, KafkaContexts contexts) {
		this.delegate = delegate;
		this.contexts = contexts;
	}

	@Override
	public void setupThreadState(Consumer<?, ?> consumer) {
		this.contexts.beginPoll(this);
		if (this.delegate != null) {
			this.delegate.setupThreadState(consumer);
		}
	}

	@Override
	public @Nullable ConsumerRecords<K, V> intercept(ConsumerRecords<K, V> records, Consumer<K, V> consumer) {
		this.contexts.begin(this, originOf(records));
		return (this.delegate != null) ? this.delegate.intercept(records, consumer) : records;
	}

	@Override
	public void success(ConsumerRecords<K, V> records, Consumer<K, V> consumer) {
		if (this.delegate != null) {
			this.delegate.success(records, consumer);
		}
	}

	@Override
	public void failure(ConsumerRecords<K, V> records, Exception exception, Consumer<K, V> consumer) {
		this.contexts.beginIfNecessary(this, originOf(records));
		if (this.delegate != null) {
			this.delegate.failure(records, exception, consumer);
		}
	}

	@Override
	public void clearThreadState(Consumer<?, ?> consumer) {
		try {
			if (this.delegate != null) {
				this.delegate.clearThreadState(consumer);
			}
		}
		finally {
			this.contexts.endPoll(this);
		}
	}

	private static Supplier<String> originOf(ConsumerRecords<?, ?> records) {
		Set<TopicPartition> partitions = records.partitions();
		return () -> "Kafka topic "
				+ partitions.stream().map(TopicPartition::topic).distinct().sorted().collect(Collectors.joining(", "));
	}

}

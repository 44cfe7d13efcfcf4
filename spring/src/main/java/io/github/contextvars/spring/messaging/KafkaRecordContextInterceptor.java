package io.github.contextvars.spring.messaging;

import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.RecordInterceptor;

/**
 * {@link RecordInterceptor} that gives each record a context of its own, around the
 * application's interceptor, the listener, the error handler, the recoverer and
 * {@code afterRecord}.
 *
 * @param <K> the type of keys
 * @param <V> the type of values
 */
final class KafkaRecordContextInterceptor<K, V> implements RecordInterceptor<K, V> {

	private final @Nullable RecordInterceptor<K, V> delegate;

	private final KafkaContexts contexts;

	/**
	 * Create an interceptor.
	 * @param delegate the application's interceptor, if any
	 * @param contexts the contexts of the consumers' threads
	 */
	KafkaRecordContextInterceptor(@Nullable RecordInterceptor<K, V> delegate, KafkaContexts contexts) {
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
	public @Nullable ConsumerRecord<K, V> intercept(ConsumerRecord<K, V> record, Consumer<K, V> consumer) {
		this.contexts.begin(this, originOf(record));
		this.contexts.receiveVariables(record);
		return (this.delegate != null) ? this.delegate.intercept(record, consumer) : record;
	}

	@Override
	public void success(ConsumerRecord<K, V> record, Consumer<K, V> consumer) {
		if (this.delegate != null) {
			this.delegate.success(record, consumer);
		}
	}

	@Override
	public void failure(ConsumerRecord<K, V> record, Exception exception, Consumer<K, V> consumer) {
		this.contexts.beginIfNecessary(this, originOf(record));
		if (this.delegate != null) {
			this.delegate.failure(record, exception, consumer);
		}
	}

	@Override
	public void afterRecord(ConsumerRecord<K, V> record, Consumer<K, V> consumer) {
		try {
			if (this.delegate != null) {
				this.delegate.afterRecord(record, consumer);
			}
		}
		finally {
			this.contexts.end(this);
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

	private static Supplier<String> originOf(ConsumerRecord<?, ?> record) {
		String topic = record.topic();
		return () -> "Kafka topic " + topic;
	}

}

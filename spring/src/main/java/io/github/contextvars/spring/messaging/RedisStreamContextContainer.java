package io.github.contextvars.spring.messaging;

import java.lang.reflect.Field;
import java.util.Collection;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.stream.Record;
import org.springframework.data.redis.stream.StreamListener;
import org.springframework.data.redis.stream.StreamMessageListenerContainer;
import org.springframework.data.redis.stream.Subscription;
import org.springframework.util.Assert;
import org.springframework.util.ErrorHandler;
import org.springframework.util.ReflectionUtils;

/**
 * {@link StreamMessageListenerContainer} that calls each listener, and the error handler
 * after it, in a context of the record.
 *
 * @param <K> the type of streams' keys
 * @param <V> the type of records
 */
final class RedisStreamContextContainer<K, V extends Record<K, ?>> implements StreamMessageListenerContainer<K, V> {

	static final String SPRING_CONTAINER = "org.springframework.data.redis.stream.DefaultStreamMessageListenerContainer";

	static final String ERROR_HANDLER = "errorHandler";

	static final String SUBSCRIPTIONS = "subscriptions";

	private final StreamMessageListenerContainer<K, V> target;

	private final MessageContexts contexts;

	private final ErrorHandler errorHandler;

	private final boolean earlierSubscriptions;

	/**
	 * Create a container.
	 * @param target the application's container, of Spring's class
	 * @param contexts the contexts of messages
	 */
	RedisStreamContextContainer(StreamMessageListenerContainer<K, V> target, MessageContexts contexts) {
		this.target = target;
		this.contexts = contexts;
		this.errorHandler = (ErrorHandler) get(target, ERROR_HANDLER);
		this.earlierSubscriptions = !((Collection<?>) get(target, SUBSCRIPTIONS)).isEmpty();
	}

	/**
	 * Return the application's container.
	 * @return the container
	 */
	StreamMessageListenerContainer<K, V> target() {
		return this.target;
	}

	/**
	 * Return whether there were subscriptions before this container was created: those
	 * are called outside any context.
	 * @return whether there were any
	 */
	boolean hasEarlierSubscriptions() {
		return this.earlierSubscriptions;
	}

	@Override
	public Subscription register(StreamReadRequest<K> request, StreamListener<K, V> listener) {
		Supplier<String> origin = () -> "Redis stream " + request.getStreamOffset().getKey();
		ErrorHandler handler = (request.getErrorHandler() != null) ? request.getErrorHandler() : this.errorHandler;
		return this.target.register(withErrorHandler(request, new ContextErrorHandler(handler, origin, this.contexts)),
				new ContextListener<>(listener, origin, this.contexts));
	}

	private static <K> StreamReadRequest<K> withErrorHandler(StreamReadRequest<K> request, ErrorHandler handler) {
		StreamReadRequestBuilder<K> builder = StreamReadRequest.builder(request.getStreamOffset())
			.cancelOnError(request.getCancelSubscriptionOnError())
			.errorHandler(handler);
		return (request instanceof ConsumerStreamReadRequest<K> ofGroup)
				? builder.consumer(ofGroup.getConsumer()).autoAcknowledge(ofGroup.isAutoAcknowledge()).build()
				: builder.build();
	}

	private static Object get(StreamMessageListenerContainer<?, ?> container, String name) {
		Field field = ReflectionUtils.findField(container.getClass(), name);
		Assert.state(field != null, () -> "No field " + name + " in " + container.getClass().getName());
		ReflectionUtils.makeAccessible(field);
		Object value = ReflectionUtils.getField(field, container);
		Assert.state(value != null, () -> "No " + name + " in " + container.getClass().getName());
		return value;
	}

	@Override
	public void remove(Subscription subscription) {
		this.target.remove(subscription);
	}

	@Override
	public void start() {
		this.target.start();
	}

	@Override
	public void stop() {
		this.target.stop();
	}

	@Override
	public void stop(Runnable callback) {
		this.target.stop(callback);
	}

	@Override
	public boolean isRunning() {
		return this.target.isRunning();
	}

	@Override
	public boolean isAutoStartup() {
		return this.target.isAutoStartup();
	}

	@Override
	public int getPhase() {
		return this.target.getPhase();
	}

	@Override
	public String toString() {
		return this.target.toString();
	}

	private record ContextListener<K, V extends Record<K, ?>>(StreamListener<K, V> delegate, Supplier<String> origin,
			MessageContexts contexts) implements StreamListener<K, V> {

		@Override
		@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
		public void onMessage(V message) {
			this.contexts.<@Nullable Void, RuntimeException>handle(this.origin, () -> {
				this.delegate.onMessage(message);
				return null;
			});
		}

	}

}

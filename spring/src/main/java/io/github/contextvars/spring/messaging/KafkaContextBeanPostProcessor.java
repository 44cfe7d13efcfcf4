package io.github.contextvars.spring.messaging;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.SmartLifecycle;
import org.springframework.kafka.config.AbstractKafkaListenerContainerFactory;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.GenericMessageListenerContainer;
import org.springframework.kafka.listener.RecordInterceptor;

import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Bean post-processor that puts the interceptors of records and batches around those of
 * the application: in factories, whose containers are no beans, and in containers. It
 * looks at the containers again before they start, as an application may have given them
 * other interceptors, in a {@code ContainerCustomizer} for example.
 */
final class KafkaContextBeanPostProcessor implements BeanPostProcessor, SmartLifecycle, PropagationSource {

	private final KafkaContexts contexts;

	private final ListableBeanFactory beanFactory;

	private volatile boolean running;

	/**
	 * Create a post-processor.
	 * @param workRegistry enters the contexts; asked for at the first message
	 * @param receiver sets variables that another process has sent, if any
	 * @param beanFactory holds the containers and the registries of containers
	 */
	KafkaContextBeanPostProcessor(Supplier<WorkRegistry> workRegistry, Supplier<@Nullable RemoteReceiver> receiver,
			ListableBeanFactory beanFactory) {
		this.contexts = new KafkaContexts(workRegistry, receiver);
		this.beanFactory = beanFactory;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof AbstractKafkaListenerContainerFactory<?, ?, ?> factory) {
			instrument(factory);
		}
		else if (bean instanceof AbstractMessageListenerContainer<?, ?> container) {
			instrument(container);
		}
		return bean;
	}

	// Before all containers: they read their interceptors when they start.
	@Override
	public int getPhase() {
		return Integer.MIN_VALUE;
	}

	@Override
	public void start() {
		this.running = true;
		containers().values().forEach((container) -> {
			if (container instanceof AbstractMessageListenerContainer<?, ?> known && !known.isRunning()) {
				instrument(known);
			}
		});
	}

	@Override
	public void stop() {
		this.running = false;
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	/**
	 * List the containers, from the interceptors that they have at this moment.
	 */
	@Override
	public Stream<Entry> entries() {
		return containers().entrySet().stream().map((entry) -> entryOf(entry.getKey(), entry.getValue()));
	}

	private Map<String, Object> containers() {
		Map<String, Object> containers = new LinkedHashMap<>();
		this.beanFactory.getBeansOfType(KafkaListenerEndpointRegistry.class, false, false)
			.values()
			.forEach((registry) -> registry.getListenerContainerIds()
				.forEach((id) -> containers.put(id, registry.getListenerContainer(id))));
		this.beanFactory.getBeansOfType(GenericMessageListenerContainer.class, false, false)
			.forEach(containers::putIfAbsent);
		return containers;
	}

	private static Entry entryOf(String name, Object container) {
		if (!(container instanceof AbstractMessageListenerContainer<?, ?> known)) {
			return Entry.notPropagating(name, "listener", container.getClass(),
					"containers of share consumers have no interceptors",
					"Run the listener's body in new Context().run(...).");
		}
		if (recordInterceptorOf(known) instanceof KafkaRecordContextInterceptor
				&& batchInterceptorOf(known) instanceof KafkaBatchContextInterceptor) {
			return Entry.propagating(name, "listener", container.getClass(), "interceptor");
		}
		return Entry.notPropagating(name, "listener", container.getClass(),
				"its interceptor was replaced after the application had started",
				"Set the interceptor on the container's factory, or in a ContainerCustomizer bean.");
	}

	private <K, V> void instrument(AbstractKafkaListenerContainerFactory<?, K, V> factory) {
		RecordInterceptor<K, V> ofRecords = read(factory, "recordInterceptor", () -> factory.getRecordInterceptor());
		if (!(ofRecords instanceof KafkaRecordContextInterceptor)) {
			factory.setRecordInterceptor(new KafkaRecordContextInterceptor<>(ofRecords, this.contexts));
		}
		BatchInterceptor<K, V> ofBatches = read(factory, "batchInterceptor", () -> factory.getBatchInterceptor());
		if (!(ofBatches instanceof KafkaBatchContextInterceptor)) {
			factory.setBatchInterceptor(new KafkaBatchContextInterceptor<>(ofBatches, this.contexts));
		}
	}

	private <K, V> void instrument(AbstractMessageListenerContainer<K, V> container) {
		RecordInterceptor<K, V> ofRecords = recordInterceptorOf(container);
		if (!(ofRecords instanceof KafkaRecordContextInterceptor)) {
			container.setRecordInterceptor(new KafkaRecordContextInterceptor<>(ofRecords, this.contexts));
		}
		BatchInterceptor<K, V> ofBatches = batchInterceptorOf(container);
		if (!(ofBatches instanceof KafkaBatchContextInterceptor)) {
			container.setBatchInterceptor(new KafkaBatchContextInterceptor<>(ofBatches, this.contexts));
		}
	}

	private static <K, V> @Nullable RecordInterceptor<K, V> recordInterceptorOf(
			AbstractMessageListenerContainer<K, V> container) {
		return read(container, "recordInterceptor", () -> container.getRecordInterceptor());
	}

	private static <K, V> @Nullable BatchInterceptor<K, V> batchInterceptorOf(
			AbstractMessageListenerContainer<K, V> container) {
		return read(container, "batchInterceptor", () -> container.getBatchInterceptor());
	}

	// The getters are public since Spring Kafka 4.0. They are called in a lambda, as a
	// method reference would fail before this method is called.
	@SuppressWarnings("unchecked")
	private static <T> @Nullable T read(Object owner, String field, Supplier<@Nullable T> getter) {
		try {
			return getter.get();
		}
		catch (IncompatibleClassChangeError ex) {
			return (T) new DirectFieldAccessor(owner).getPropertyValue(field);
		}
	}

}

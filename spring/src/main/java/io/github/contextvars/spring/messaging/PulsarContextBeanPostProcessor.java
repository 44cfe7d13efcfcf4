package io.github.contextvars.spring.messaging;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.apache.pulsar.client.api.Consumer;
import org.apache.pulsar.client.api.Message;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.pulsar.config.PulsarContainerFactory;
import org.springframework.pulsar.config.PulsarListenerEndpointRegistry;
import org.springframework.pulsar.config.PulsarReaderEndpointRegistry;
import org.springframework.pulsar.listener.AbstractPulsarMessageListenerContainer;
import org.springframework.pulsar.listener.MessageListenerContainer;
import org.springframework.pulsar.listener.PulsarConsumerErrorHandler;
import org.springframework.pulsar.listener.PulsarContainerProperties;
import org.springframework.pulsar.reader.AbstractPulsarMessageReaderContainer;
import org.springframework.pulsar.reader.PulsarMessageReaderContainer;
import org.springframework.pulsar.reader.PulsarReaderContainerProperties;

import io.github.contextvars.Context;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Bean post-processor that wraps the listeners and the error handlers of Pulsar's
 * containers, of consumers and of readers: of those that are beans, and of those that
 * factories make.
 */
final class PulsarContextBeanPostProcessor implements BeanPostProcessor, PropagationSource {

	private final MessageContexts contexts;

	private final ListableBeanFactory beanFactory;

	/**
	 * Create a post-processor.
	 * @param workRegistry enters the contexts; asked for at the first message
	 * @param beanFactory holds the containers and the registries of containers
	 */
	PulsarContextBeanPostProcessor(Supplier<WorkRegistry> workRegistry, ListableBeanFactory beanFactory) {
		this.contexts = new MessageContexts(workRegistry, () -> null);
		this.beanFactory = beanFactory;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof PulsarContainerFactory<?, ?>) {
			return ContainerFactoryProxies.proxy(bean, name, this::instrument);
		}
		instrument(bean);
		return bean;
	}

	/**
	 * List the containers, from the listeners that they have at this moment.
	 */
	@Override
	public Stream<Entry> entries() {
		Map<String, Object> containers = new LinkedHashMap<>();
		this.beanFactory.getBeansOfType(PulsarListenerEndpointRegistry.class, false, false)
			.values()
			.forEach((registry) -> registry.getListenerContainerIds()
				.forEach((id) -> containers.put(id, registry.getListenerContainer(id))));
		this.beanFactory.getBeansOfType(PulsarReaderEndpointRegistry.class, false, false)
			.values()
			.forEach((registry) -> registry.getReaderContainerIds()
				.forEach((id) -> containers.put(id, registry.getReaderContainer(id))));
		this.beanFactory.getBeansOfType(MessageListenerContainer.class, false, false).forEach(containers::putIfAbsent);
		this.beanFactory.getBeansOfType(PulsarMessageReaderContainer.class, false, false)
			.forEach(containers::putIfAbsent);
		return containers.entrySet().stream().map((entry) -> entryOf(entry.getKey(), entry.getValue()));
	}

	private static Entry entryOf(String name, Object container) {
		if (isWrapped(listenerOf(container))) {
			return Entry.propagating(name, "listener", container.getClass(), "wrapped listener");
		}
		return Entry.notPropagating(name, "listener", container.getClass(),
				"its listener was set after the container bean was created, or its factory cannot be proxied",
				"Set the listener in the @Bean method of the container.");
	}

	private static @Nullable Object listenerOf(Object container) {
		if (container instanceof AbstractPulsarMessageListenerContainer<?> consuming) {
			return consuming.getContainerProperties().getMessageListener();
		}
		if (container instanceof AbstractPulsarMessageReaderContainer<?> reading) {
			return reading.getContainerProperties().getReaderListener();
		}
		return null;
	}

	private static boolean isWrapped(@Nullable Object listener) {
		return listener instanceof Advised advised && Stream.of(advised.getAdvisors())
			.anyMatch((advisor) -> advisor.getAdvice() instanceof ListenerInterceptor);
	}

	private void instrument(Object bean) {
		Object listener = listenerOf(bean);
		if (listener != null && !isWrapped(listener)) {
			Object wrapped = wrap(listener);
			if (bean instanceof AbstractPulsarMessageListenerContainer<?> consuming) {
				consuming.getContainerProperties().setMessageListener(wrapped);
			}
			else if (bean instanceof AbstractPulsarMessageReaderContainer<?> reading) {
				reading.getContainerProperties().setReaderListener(wrapped);
			}
		}
		if (bean instanceof AbstractPulsarMessageReaderContainer<?> reading) {
			PulsarReaderContainerProperties properties = reading.getContainerProperties();
			properties.setReaderTaskExecutor(outsideOf(properties.getReaderTaskExecutor()));
		}
		if (bean instanceof AbstractPulsarMessageListenerContainer<?> consuming) {
			PulsarContainerProperties properties = consuming.getContainerProperties();
			properties.setConsumerTaskExecutor(outsideOf(properties.getConsumerTaskExecutor()));
			PulsarConsumerErrorHandler<?> handler = consuming.getPulsarConsumerErrorHandler();
			if (handler != null && !(handler instanceof ContextConsumerErrorHandler<?>)) {
				consuming.setPulsarConsumerErrorHandler(new ContextConsumerErrorHandler<>(handler, this.contexts));
			}
		}
	}

	// The interfaces of a listener decide how a container calls it.
	private Object wrap(Object listener) {
		ProxyFactory proxy = new ProxyFactory(listener);
		proxy.addAdvice(new ListenerInterceptor(this.contexts));
		return proxy.getProxy(listener.getClass().getClassLoader());
	}

	// Without an executor, a container makes one that is no bean.
	private static @Nullable AsyncTaskExecutor outsideOf(@Nullable AsyncTaskExecutor executor) {
		return (executor == null || executor instanceof LoopExecutor) ? executor : new LoopExecutor(executor);
	}

	private static String originOf(@Nullable Object received) {
		Object first = (received instanceof List<?> batch && !batch.isEmpty()) ? batch.get(0) : received;
		return (first instanceof Message<?> message) ? "Pulsar " + message.getTopicName() : "Pulsar batch";
	}

	/**
	 * Executor of loops, which never end: they are nothing of what starts their
	 * container.
	 */
	private record LoopExecutor(AsyncTaskExecutor delegate) implements AsyncTaskExecutor {

		@Override
		public void execute(Runnable loop) {
			new Context().run(() -> this.delegate.execute(loop));
		}

	}

	private record ListenerInterceptor(MessageContexts contexts) implements MethodInterceptor {

		@Override
		@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
		public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
			if (!invocation.getMethod().getName().equals("received")) {
				return invocation.proceed();
			}
			@Nullable Object[] arguments = invocation.getArguments();
			return this.contexts.<@Nullable Object, Throwable>handle(() -> originOf(arguments[1]), invocation::proceed);
		}

	}

	/**
	 * A handler whose methods are called one after the other: whether a message is to be
	 * retried and, if it is not, to recover it.
	 */
	private static final class ContextConsumerErrorHandler<T> implements PulsarConsumerErrorHandler<T> {

		private final PulsarConsumerErrorHandler<T> delegate;

		private final MessageContexts contexts;

		private ContextConsumerErrorHandler(PulsarConsumerErrorHandler<T> delegate, MessageContexts contexts) {
			this.delegate = delegate;
			this.contexts = contexts;
		}

		@Override
		public boolean shouldRetryMessage(Exception exception, Message<T> message) {
			return this.contexts.askAboutError(exception, () -> originOf(message),
					() -> this.delegate.shouldRetryMessage(exception, message));
		}

		@Override
		public void recoverMessage(Consumer<T> consumer, Message<T> message, Exception exception) {
			this.contexts.handleError(exception, () -> originOf(message),
					() -> this.delegate.recoverMessage(consumer, message, exception));
		}

		@Override
		public @Nullable Message<T> currentMessage() {
			return this.delegate.currentMessage();
		}

		@Override
		public void clearMessage() {
			this.delegate.clearMessage();
		}

	}

}

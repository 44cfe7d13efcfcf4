package io.github.contextvars.spring.messaging;

import java.lang.reflect.Method;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

import com.rabbitmq.client.LongString;
import org.aopalliance.aop.Advice;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessagePostProcessor;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.listener.AbstractMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.ObservableListenerContainer;
import org.springframework.amqp.rabbit.listener.RabbitListenerContainerFactory;
import org.springframework.amqp.rabbit.listener.RabbitListenerEndpointRegistry;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.util.Assert;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Bean post-processor that gives each message of RabbitMQ's listener containers a
 * context: around the post-processors of received messages, again in advice around all
 * other advice, such as that for retries and its recoverer, and again for the error
 * handler.
 */
final class RabbitContextBeanPostProcessor implements BeanPostProcessor, PropagationSource {

	static final String ADVICE_GETTER = "getAdviceChain";

	static final String POST_PROCESSORS_GETTER = "getAfterReceivePostProcessors";

	private final MessageContexts contexts;

	private final ListableBeanFactory beanFactory;

	/**
	 * Create a post-processor.
	 * @param workRegistry enters the contexts; asked for at the first message
	 * @param receiver sets variables that another process has sent, if any
	 * @param beanFactory holds the containers and the registries of containers
	 */
	RabbitContextBeanPostProcessor(Supplier<WorkRegistry> workRegistry, Supplier<@Nullable RemoteReceiver> receiver,
			ListableBeanFactory beanFactory) {
		this.contexts = new MessageContexts(workRegistry, receiver);
		this.beanFactory = beanFactory;
	}

	// The chain of advice is built when a container is initialized.
	@Override
	public Object postProcessBeforeInitialization(Object bean, String name) {
		instrument(bean);
		return bean;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		return (bean instanceof RabbitListenerContainerFactory<?>)
				? ContainerFactoryProxies.proxy(bean, name, this::instrument) : bean;
	}

	/**
	 * List the containers, from the error handlers that they have at this moment.
	 */
	@Override
	public Stream<Entry> entries() {
		Map<String, Object> containers = new LinkedHashMap<>();
		this.beanFactory.getBeansOfType(RabbitListenerEndpointRegistry.class, false, false)
			.values()
			.forEach((registry) -> addTo(containers, registry));
		this.beanFactory.getBeansOfType(ObservableListenerContainer.class, false, false)
			.forEach(containers::putIfAbsent);
		return containers.entrySet().stream().map((entry) -> entryOf(entry.getKey(), entry.getValue()));
	}

	// The interface of containers is in another package since Spring AMQP 4.1.
	private static void addTo(Map<String, Object> containers, RabbitListenerEndpointRegistry registry) {
		for (Object container : registry.getListenerContainers()) {
			containers.put((container instanceof ObservableListenerContainer known) ? known.getListenerId()
					: container.getClass().getName(), container);
		}
	}

	private static Entry entryOf(String name, Object container) {
		if (!(container instanceof AbstractMessageListenerContainer known)) {
			return Entry.notPropagating(name, "listener", container.getClass(),
					"only containers that extend AbstractMessageListenerContainer can be instrumented",
					"Run the listener's body in new Context().run(...).");
		}
		if (isInstrumented(known)) {
			return Entry.propagating(name, "listener", container.getClass(), "advice");
		}
		return Entry.notPropagating(name, "listener", container.getClass(),
				"its advice was replaced after the container was created, or its factory cannot be proxied",
				"Set the advice on the container's factory, or in a ContainerCustomizer bean.");
	}

	private void instrument(Object bean) {
		if (!(bean instanceof AbstractMessageListenerContainer container) || isInstrumented(container)) {
			return;
		}
		container.setAfterReceivePostProcessors(new ContextPostProcessor(postProcessorsOf(container), this.contexts));
		container
			.setAdviceChain(Stream.concat(Stream.of(new ContextAdvice(this.contexts)), Stream.of(adviceOf(container)))
				.toArray(Advice[]::new));
		container.setErrorHandler(
				new ContextErrorHandler(container.getErrorHandler(), () -> "Rabbit container", this.contexts));
	}

	private static boolean isInstrumented(AbstractMessageListenerContainer container) {
		return Stream.of(adviceOf(container)).anyMatch(ContextAdvice.class::isInstance);
	}

	private static Advice[] adviceOf(AbstractMessageListenerContainer container) {
		Object advice = get(container, ADVICE_GETTER);
		return (advice != null) ? (Advice[]) advice : new Advice[0];
	}

	@SuppressWarnings("unchecked")
	private static Collection<MessagePostProcessor> postProcessorsOf(AbstractMessageListenerContainer container) {
		Object processors = get(container, POST_PROCESSORS_GETTER);
		return (processors != null) ? List.copyOf((Collection<MessagePostProcessor>) processors) : List.of();
	}

	// The getters are protected.
	private static @Nullable Object get(AbstractMessageListenerContainer container, String getter) {
		Method method = ReflectionUtils.findMethod(AbstractMessageListenerContainer.class, getter);
		Assert.state(method != null, () -> "No method " + getter + "() in AbstractMessageListenerContainer");
		ReflectionUtils.makeAccessible(method);
		return ReflectionUtils.invokeMethod(method, container);
	}

	private static boolean isBatch(Message message) {
		return message.getMessageProperties().getHeaders().containsKey(MessageProperties.SPRING_BATCH_FORMAT);
	}

	// A batch has the headers of one of its parts.
	private static void receiveVariables(MessageContexts contexts, Message message) {
		if (!isBatch(message)) {
			contexts.receiveVariables("rabbit", message,
					(header) -> valuesOf(message.getMessageProperties().getHeaders().get(header)));
		}
	}

	// A text of more than 1,024 bytes remains as the client has read it.
	private static List<String> valuesOf(@Nullable Object header) {
		if (header instanceof String || header instanceof LongString) {
			return List.of(header.toString());
		}
		return List.of();
	}

	private static Supplier<String> originOf(MessageProperties properties) {
		String queue = properties.getConsumerQueue();
		return () -> "Rabbit queue " + queue;
	}

	/**
	 * The post-processors of a container in one: it offers no call around all of them.
	 */
	private static final class ContextPostProcessor implements MessagePostProcessor {

		private final Collection<MessagePostProcessor> delegates;

		private final MessageContexts contexts;

		private ContextPostProcessor(Collection<MessagePostProcessor> delegates, MessageContexts contexts) {
			this.delegates = delegates;
			this.contexts = contexts;
		}

		@Override
		public Message postProcessMessage(Message message) {
			return this.contexts.receive(originOf(message.getMessageProperties()), isBatch(message), () -> {
				receiveVariables(this.contexts, message);
				Message processed = message;
				for (MessagePostProcessor delegate : this.delegates) {
					processed = delegate.postProcessMessage(processed);
				}
				return processed;
			});
		}

	}

	private static final class ContextAdvice implements MethodInterceptor {

		private final MessageContexts contexts;

		private ContextAdvice(MessageContexts contexts) {
			this.contexts = contexts;
		}

		@Override
		@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
		public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
			Object data = invocation.getArguments()[invocation.getArguments().length - 1];
			Message message = (data instanceof List<?> list) ? (Message) list.get(0) : (Message) data;
			MessageProperties properties = message.getMessageProperties();
			// The container takes the header from the parts.
			if (this.contexts.isBatch() && !isBatch(message)) {
				return this.contexts.<@Nullable Object, Throwable>handlePart(originOf(properties),
						properties.isLastInBatch(), invocation::proceed);
			}
			if (data instanceof List) {
				// Each message was processed in a context of its own, and none is the
				// batch's.
				this.contexts.forgetReceived();
			}
			boolean received = this.contexts.isReceived();
			return this.contexts.<@Nullable Object, Throwable>handle(originOf(properties), () -> {
				if (!received && data instanceof Message) {
					receiveVariables(this.contexts, message);
				}
				return invocation.proceed();
			});
		}

	}

}

package io.github.contextvars.spring.messaging;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageListener;
import jakarta.jms.Session;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.jms.config.JmsListenerContainerFactory;
import org.springframework.jms.config.JmsListenerEndpointRegistry;
import org.springframework.jms.listener.AbstractMessageListenerContainer;
import org.springframework.jms.listener.MessageListenerContainer;
import org.springframework.jms.listener.SessionAwareMessageListener;
import org.springframework.util.ErrorHandler;

import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Bean post-processor that wraps the listeners and the error handlers of JMS listener
 * containers: of those that are beans, and of those that factories make.
 */
final class JmsContextBeanPostProcessor implements BeanPostProcessor, PropagationSource {

	private final MessageContexts contexts;

	private final ListableBeanFactory beanFactory;

	/**
	 * Create a post-processor.
	 * @param workRegistry enters the contexts; asked for at the first message
	 * @param receiver sets variables that another process has sent, if any
	 * @param beanFactory holds the containers and the registries of containers
	 */
	JmsContextBeanPostProcessor(Supplier<WorkRegistry> workRegistry, Supplier<@Nullable RemoteReceiver> receiver,
			ListableBeanFactory beanFactory) {
		this.contexts = new MessageContexts(workRegistry, receiver);
		this.beanFactory = beanFactory;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof JmsListenerContainerFactory<?>) {
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
		this.beanFactory.getBeansOfType(JmsListenerEndpointRegistry.class, false, false)
			.values()
			.forEach((registry) -> registry.getListenerContainerIds()
				.forEach((id) -> containers.put(id, registry.getListenerContainer(id))));
		this.beanFactory.getBeansOfType(MessageListenerContainer.class, false, false).forEach(containers::putIfAbsent);
		return containers.entrySet().stream().map((entry) -> entryOf(entry.getKey(), entry.getValue()));
	}

	private static Entry entryOf(String name, Object container) {
		if (!(container instanceof AbstractMessageListenerContainer known)) {
			return Entry.notPropagating(name, "listener", container.getClass(),
					"only containers that extend AbstractMessageListenerContainer can be instrumented",
					"Run the listener's body in new Context().run(...).");
		}
		Object listener = known.getMessageListener();
		if (listener instanceof ContextListener || listener instanceof ContextSessionListener) {
			return Entry.propagating(name, "listener", container.getClass(), "wrapped listener");
		}
		return Entry.notPropagating(name, "listener", container.getClass(),
				"its listener was set after the container bean was created, or its factory cannot be proxied",
				"Set the listener in the @Bean method of the container.");
	}

	private void instrument(Object bean) {
		if (!(bean instanceof AbstractMessageListenerContainer container)) {
			return;
		}
		Object listener = container.getMessageListener();
		Supplier<String> origin = originOf(container);
		if (listener instanceof SessionAwareMessageListener<?> aware && !(listener instanceof ContextSessionListener)) {
			container.setMessageListener(new ContextSessionListener(aware, origin, this.contexts));
		}
		else if (listener instanceof MessageListener plain && !(listener instanceof ContextListener)) {
			container.setMessageListener(new ContextListener(plain, origin, this.contexts));
		}
		ErrorHandler handler = container.getErrorHandler();
		if (handler != null && !(handler instanceof ContextErrorHandler)) {
			container.setErrorHandler(new ContextErrorHandler(handler, origin, this.contexts));
		}
	}

	private static void receiveVariables(MessageContexts contexts, Message message) {
		contexts.receiveVariables("jms", message, (header) -> {
			try {
				String value = message.getStringProperty(RemoteReceiver.toProperty(header));
				return (value != null) ? List.of(value) : List.of();
			}
			catch (JMSException ex) {
				return List.of();
			}
		});
	}

	// A destination that is an object has a text of its provider's.
	private static Supplier<String> originOf(AbstractMessageListenerContainer container) {
		String name = container.getDestinationName();
		return () -> (name != null) ? "JMS " + name : "JMS destination";
	}

	// The kind of a listener decides which session it gets.
	private static final class ContextListener implements MessageListener {

		private final MessageListener delegate;

		private final Supplier<String> origin;

		private final MessageContexts contexts;

		private ContextListener(MessageListener delegate, Supplier<String> origin, MessageContexts contexts) {
			this.delegate = delegate;
			this.origin = origin;
			this.contexts = contexts;
		}

		@Override
		@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
		public void onMessage(Message message) {
			this.contexts.<@Nullable Void, RuntimeException>handle(this.origin, () -> {
				receiveVariables(this.contexts, message);
				this.delegate.onMessage(message);
				return null;
			});
		}

	}

	private static final class ContextSessionListener implements SessionAwareMessageListener<Message> {

		private final SessionAwareMessageListener<Message> delegate;

		private final Supplier<String> origin;

		private final MessageContexts contexts;

		@SuppressWarnings("unchecked") // as the container does
		private ContextSessionListener(SessionAwareMessageListener<?> delegate, Supplier<String> origin,
				MessageContexts contexts) {
			this.delegate = (SessionAwareMessageListener<Message>) delegate;
			this.origin = origin;
			this.contexts = contexts;
		}

		@Override
		@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
		public void onMessage(Message message, Session session) throws JMSException {
			this.contexts.<@Nullable Void, JMSException>handle(this.origin, () -> {
				receiveVariables(this.contexts, message);
				this.delegate.onMessage(message, session);
				return null;
			});
		}

	}

}

package io.github.contextvars.spring.integration;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

import org.aopalliance.aop.Advice;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.integration.channel.AbstractExecutorChannel;
import org.springframework.integration.channel.AbstractMessageChannel;
import org.springframework.integration.channel.PartitionedChannel;
import org.springframework.integration.config.ConsumerEndpointFactoryBean;
import org.springframework.integration.config.SourcePollingChannelAdapterFactoryBean;
import org.springframework.integration.dispatcher.MessageHandlingTaskDecorator;
import org.springframework.integration.dispatcher.PartitionedDispatcher;
import org.springframework.integration.dsl.MessageChannelSpec;
import org.springframework.integration.endpoint.AbstractPollingEndpoint;
import org.springframework.integration.gateway.GatewayMessageHandler;
import org.springframework.integration.gateway.GatewayProxyFactoryBean;
import org.springframework.util.ErrorHandler;

import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;

/**
 * Bean post-processor that puts advice around each message that an endpoint polls, and
 * has the executors of channels and gateways propagate, which need not be beans.
 * <p>
 * Framework objects that have setters only are read through their fields.
 */
final class IntegrationContextBeanPostProcessor implements BeanPostProcessor, Ordered, PropagationSource {

	static final String ADVICE_CHAIN = "adviceChain";

	static final String CHANNEL_EXECUTOR = "executor";

	static final String CHANNEL_DISPATCHER = "dispatcher";

	static final String TASK_DECORATOR = "messageHandlingTaskDecorator";

	static final String ERROR_HANDLER = "errorHandler";

	static final String GATEWAY_EXECUTOR = "asyncExecutor";

	static final String HANDLER_EXECUTOR = "executor";

	private final MessageContexts contexts;

	private final ListableBeanFactory beanFactory;

	private final Map<String, Entry> entries = new ConcurrentSkipListMap<>();

	/**
	 * Create a post-processor.
	 * @param contexts the contexts of messages
	 * @param beanFactory holds the endpoints and channels
	 */
	IntegrationContextBeanPostProcessor(MessageContexts contexts, ListableBeanFactory beanFactory) {
		this.contexts = contexts;
		this.beanFactory = beanFactory;
	}

	// Before Integration's own, which initializes the channels of specifications.
	@Override
	public int getOrder() {
		return HIGHEST_PRECEDENCE;
	}

	@Override
	public Object postProcessBeforeInitialization(Object bean, String name) {
		if (bean instanceof AbstractExecutorChannel channel) {
			instrument(channel, name);
		}
		else if (bean instanceof MessageChannelSpec<?, ?> spec
				&& spec.getObject() instanceof AbstractExecutorChannel channel) {
			instrument(channel, name);
		}
		return bean;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof AbstractPollingEndpoint endpoint) {
			instrument(endpoint);
		}
		else if (bean instanceof ConsumerEndpointFactoryBean factory
				&& factory.getObject() instanceof AbstractPollingEndpoint endpoint) {
			instrument(endpoint);
		}
		else if (bean instanceof SourcePollingChannelAdapterFactoryBean factory) {
			instrument(factory.getObject());
		}
		else if (bean instanceof PartitionedChannel channel) {
			instrument(channel, name);
		}
		else if (bean instanceof GatewayProxyFactoryBean<?> gateway) {
			instrument(gateway, name);
		}
		else if (bean instanceof GatewayMessageHandler gateway) {
			instrument(gateway, name);
		}
		return bean;
	}

	private void instrument(AbstractExecutorChannel channel, String name) {
		DirectFieldAccessor fields = new DirectFieldAccessor(channel);
		if (fields.getPropertyValue(CHANNEL_EXECUTOR) instanceof Executor executor) {
			fields.setPropertyValue(CHANNEL_EXECUTOR,
					this.contexts.propagating(executor, UnitOfWork.Kind.MESSAGE, MessageContexts.originOf(channel)));
			record(Entry.propagating(name, "channel", channel.getClass(), "executor"));
		}
	}

	// Its threads are its own. What it does on them is decorated when a message is sent.
	private void instrument(PartitionedChannel channel, String name) {
		if (new DirectFieldAccessor(channel)
			.getPropertyValue(CHANNEL_DISPATCHER) instanceof PartitionedDispatcher dispatcher) {
			DirectFieldAccessor fields = new DirectFieldAccessor(dispatcher);
			if (fields.getPropertyValue(TASK_DECORATOR) instanceof MessageHandlingTaskDecorator decorator
					&& fields.getPropertyValue(ERROR_HANDLER) instanceof ErrorHandler handler) {
				dispatcher.setMessageHandlingTaskDecorator(
						(task) -> this.contexts.withContext(decorator.decorate(task), channel));
				dispatcher.setErrorHandler(this.contexts.beginning(handler, channel));
				record(Entry.propagating(name, "channel", channel.getClass(), "task decorator"));
			}
		}
	}

	// The chain of a PollerMetadata is shared by all endpoints that are made of it.
	private void instrument(AbstractPollingEndpoint endpoint) {
		List<Advice> chain = adviceChainOf(endpoint);
		if (!isInstrumented(chain)) {
			chain.add(0, new PollContextAdvice(endpoint, this.contexts));
			endpoint.setAdviceChain(chain);
		}
	}

	private static List<Advice> adviceChainOf(AbstractPollingEndpoint endpoint) {
		List<Advice> chain = new ArrayList<>();
		if (new DirectFieldAccessor(endpoint).getPropertyValue(ADVICE_CHAIN) instanceof List<?> present) {
			present.forEach((advice) -> chain.add((Advice) advice));
		}
		return chain;
	}

	private static boolean isInstrumented(List<Advice> chain) {
		return chain.stream().anyMatch(PollContextAdvice.class::isInstance);
	}

	private void instrument(GatewayProxyFactoryBean<?> gateway, String name) {
		if (new DirectFieldAccessor(gateway).getPropertyValue(GATEWAY_EXECUTOR) instanceof Executor executor) {
			gateway.setAsyncExecutor(propagating(executor, name));
			record(Entry.propagating(name, "gateway", gateway.getClass(), "executor"));
		}
	}

	private void instrument(GatewayMessageHandler gateway, String name) {
		if (new DirectFieldAccessor(gateway).getPropertyValue(HANDLER_EXECUTOR) instanceof Executor executor) {
			gateway.setAsyncExecutor(propagating(executor, name));
			record(Entry.propagating(name, "gateway", gateway.getClass(), "executor"));
		}
	}

	private Executor propagating(Executor executor, String gateway) {
		return this.contexts.propagating(executor, UnitOfWork.Kind.TASK, () -> "gateway " + gateway);
	}

	private void record(Entry entry) {
		this.entries.put(entry.name(), entry);
	}

	/**
	 * List the endpoints that poll, from the advice that they have at this moment, the
	 * channels that hand over values, and the gateways with an executor.
	 */
	@Override
	public Stream<Entry> entries() {
		Stream<Entry> pollers = beansOfType(AbstractPollingEndpoint.class).entrySet()
			.stream()
			.map((entry) -> entryOf(entry.getKey(), entry.getValue()));
		Stream<Entry> channels = beansOfType(AbstractMessageChannel.class).entrySet()
			.stream()
			.filter((entry) -> SendingContextInterceptor.holdsMessagesInMemory(entry.getValue()))
			.map((entry) -> entryOf(entry.getKey(), entry.getValue()));
		return Stream.of(pollers, channels, List.copyOf(this.entries.values()).stream()).flatMap((entries) -> entries);
	}

	private <T> Map<String, T> beansOfType(Class<T> type) {
		return this.beanFactory.getBeansOfType(type, false, false);
	}

	private static Entry entryOf(String name, AbstractPollingEndpoint endpoint) {
		return isInstrumented(adviceChainOf(endpoint))
				? Entry.propagating(name, "poller", endpoint.getClass(), "advice")
				: Entry.notPropagating(name, "poller", endpoint.getClass(), "its advice chain was replaced",
						"Set the advice in the endpoint's poller.");
	}

	private static Entry entryOf(String name, AbstractMessageChannel channel) {
		return ReceivingContextInterceptor.isIn(channel)
				? Entry.propagating(name, "channel", channel.getClass(), "interceptor")
				: Entry.notPropagating(name, "channel", channel.getClass(), "its interceptors were replaced",
						"Add interceptors to those that the channel has.");
	}

}

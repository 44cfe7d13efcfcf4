package io.github.contextvars.spring.integration;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/**
 * {@link RuntimeHintsRegistrar} for the fields of Spring Integration that are read.
 */
final class IntegrationRuntimeHints implements RuntimeHintsRegistrar {

	private static final String ROOT = "org.springframework.integration.";

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		registerField(hints, classLoader, "endpoint.AbstractPollingEndpoint",
				IntegrationContextBeanPostProcessor.ADVICE_CHAIN);
		registerField(hints, classLoader, "channel.AbstractExecutorChannel",
				IntegrationContextBeanPostProcessor.CHANNEL_EXECUTOR);
		registerField(hints, classLoader, "channel.AbstractExecutorChannel",
				IntegrationContextBeanPostProcessor.CHANNEL_DISPATCHER);
		registerField(hints, classLoader, "dispatcher.PartitionedDispatcher",
				IntegrationContextBeanPostProcessor.TASK_DECORATOR);
		registerField(hints, classLoader, "dispatcher.PartitionedDispatcher",
				IntegrationContextBeanPostProcessor.ERROR_HANDLER);
		registerField(hints, classLoader, "channel.QueueChannel", SendingContextInterceptor.QUEUE);
		registerField(hints, classLoader, "gateway.GatewayProxyFactoryBean",
				IntegrationContextBeanPostProcessor.GATEWAY_EXECUTOR);
		registerField(hints, classLoader, "gateway.GatewayMessageHandler",
				IntegrationContextBeanPostProcessor.HANDLER_EXECUTOR);
		registerField(hints, classLoader, "handler.support.IntegrationMessageHandlerMethodFactory",
				FromContextBeanPostProcessor.ARGUMENT_RESOLVERS);
	}

	private static void registerField(RuntimeHints hints, @Nullable ClassLoader classLoader, String type,
			String field) {
		hints.reflection().registerTypeIfPresent(classLoader, ROOT + type, (hint) -> hint.withField(field));
	}

}

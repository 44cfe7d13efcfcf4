package io.github.contextvars.spring.messaging;

import java.util.List;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.ExecutableMode;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} for RabbitMQ.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnPresent("org.springframework.amqp.rabbit.listener.AbstractMessageListenerContainer")
@ImportRuntimeHints(RabbitContextConfiguration.Hints.class)
final class RabbitContextConfiguration {

	@Bean
	static RabbitContextBeanPostProcessor contextVarsRabbitBeanPostProcessor(ObjectProvider<WorkRegistry> workRegistry,
			ObjectProvider<RemoteReceiver> receiver, ListableBeanFactory beanFactory) {
		return new RabbitContextBeanPostProcessor(SingletonSupplier.of(workRegistry::getObject),
				SingletonSupplier.ofNullable(receiver::getIfAvailable), beanFactory);
	}

	/**
	 * Hints for native images: the getters of a container are protected.
	 */
	static final class Hints implements RuntimeHintsRegistrar {

		@Override
		public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
			hints.reflection()
				.registerTypeIfPresent(classLoader,
						"org.springframework.amqp.rabbit.listener.AbstractMessageListenerContainer",
						(hint) -> hint
							.withMethod(RabbitContextBeanPostProcessor.ADVICE_GETTER, List.of(), ExecutableMode.INVOKE)
							.withMethod(RabbitContextBeanPostProcessor.POST_PROCESSORS_GETTER, List.of(),
									ExecutableMode.INVOKE));
		}

	}

}

package io.github.contextvars.spring.messaging;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} that gives each message that a container of Redis
 * receives from a channel or a stream a context of its own. A part of
 * {@link ContextMessagingConfiguration}, which also works without Spring Messaging.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnPresent({ "org.springframework.data.redis.listener.RedisMessageListenerContainer",
		"org.springframework.data.redis.stream.StreamMessageListenerContainer" })
@Import(WorkConfiguration.class)
@ImportRuntimeHints(RedisContextConfiguration.Hints.class)
public final class RedisContextConfiguration {

	@Bean
	static RedisContextBeanPostProcessor contextVarsRedisBeanPostProcessor(ObjectProvider<WorkRegistry> workRegistry,
			ListableBeanFactory beanFactory) {
		return new RedisContextBeanPostProcessor(SingletonSupplier.of(workRegistry::getObject), beanFactory);
	}

	/**
	 * Hints for native images: the fields of containers have no getters.
	 */
	static final class Hints implements RuntimeHintsRegistrar {

		@Override
		public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
			hints.reflection()
				.registerTypeIfPresent(classLoader,
						"org.springframework.data.redis.listener.RedisMessageListenerContainer",
						(hint) -> hint.withField(RedisContextBeanPostProcessor.TASK_EXECUTOR));
			hints.reflection()
				.registerTypeIfPresent(classLoader, RedisStreamContextContainer.SPRING_CONTAINER,
						(hint) -> hint.withField(RedisStreamContextContainer.ERROR_HANDLER)
							.withField(RedisStreamContextContainer.SUBSCRIPTIONS));
		}

	}

}

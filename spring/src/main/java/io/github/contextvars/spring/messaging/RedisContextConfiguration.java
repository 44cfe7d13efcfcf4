package io.github.contextvars.spring.messaging;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.work.PresenceCondition;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} for Redis: channels and streams.
 */
@Configuration(proxyBeanMethods = false)
@Conditional(RedisContextConfiguration.RedisIsPresent.class)
@ImportRuntimeHints(RedisContextConfiguration.Hints.class)
final class RedisContextConfiguration {

	@Bean
	static RedisContextBeanPostProcessor contextVarsRedisBeanPostProcessor(ObjectProvider<WorkRegistry> workRegistry,
			ListableBeanFactory beanFactory) {
		return new RedisContextBeanPostProcessor(SingletonSupplier.of(workRegistry::getObject), beanFactory);
	}

	/**
	 * Condition that Spring Data Redis is present.
	 */
	static final class RedisIsPresent extends PresenceCondition {

		RedisIsPresent() {
			super("org.springframework.data.redis.listener.RedisMessageListenerContainer",
					"org.springframework.data.redis.stream.StreamMessageListenerContainer");
		}

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

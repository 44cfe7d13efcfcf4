package io.github.contextvars.spring.messaging;

import java.util.List;

import org.springframework.amqp.rabbit.annotation.RabbitListenerConfigurer;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.convert.support.DefaultConversionService;
import org.springframework.data.redis.config.RedisListenerConfigurer;
import org.springframework.jms.annotation.JmsListenerConfigurer;
import org.springframework.kafka.annotation.KafkaListenerConfigurer;
import org.springframework.messaging.handler.annotation.support.DefaultMessageHandlerMethodFactory;
import org.springframework.messaging.handler.invocation.HandlerMethodArgumentResolver;

import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.ConditionalOnPresent;

/**
 * {@link Configuration @Configuration} for
 * {@link io.github.contextvars.spring.annotation.FromContext @FromContext} in methods
 * that handle messages. Without it, Spring binds such a parameter to the message.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnPresent("org.springframework.messaging.handler.invocation.HandlerMethodArgumentResolver")
@Import({ ContextVariableConfiguration.class, FromContextConfiguration.Kafka.class,
		FromContextConfiguration.Rabbit.class, FromContextConfiguration.Jms.class,
		FromContextConfiguration.Redis.class })
public final class FromContextConfiguration {

	@Bean
	FromContextArgumentResolver contextVarsMessageFromContextArgumentResolver(ConfigurableBeanFactory beanFactory,
			ContextVariableRegistry variables) {
		return new FromContextArgumentResolver(DefaultConversionService.getSharedInstance(), beanFactory, variables);
	}

	/**
	 * {@link Configuration @Configuration} for listeners of Kafka.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent("org.springframework.kafka.listener.AbstractMessageListenerContainer")
	static final class Kafka {

		@Bean
		static KafkaListenerConfigurer contextVarsKafkaListenerConfigurer(FromContextArgumentResolver resolver) {
			return (registrar) -> registrar.setCustomMethodArgumentResolvers(
					FromContextArgumentResolver.first(resolver, registrar.getCustomMethodArgumentResolvers())
						.toArray(HandlerMethodArgumentResolver[]::new));
		}

	}

	/**
	 * {@link Configuration @Configuration} for listeners of RabbitMQ.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent("org.springframework.amqp.rabbit.listener.AbstractMessageListenerContainer")
	static final class Rabbit {

		@Bean
		static RabbitListenerConfigurer contextVarsRabbitListenerConfigurer(FromContextArgumentResolver resolver) {
			return (registrar) -> registrar.setCustomMethodArgumentResolvers(
					FromContextArgumentResolver.first(resolver, registrar.getCustomMethodArgumentResolvers())
						.toArray(HandlerMethodArgumentResolver[]::new));
		}

	}

	/**
	 * {@link Configuration @Configuration} for listeners of JMS.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent({ "org.springframework.jms.listener.AbstractMessageListenerContainer",
			"jakarta.jms.Message" })
	static final class Jms {

		// There are no custom resolvers to add to: the factory is that of Spring's
		// default.
		@Bean
		static JmsListenerConfigurer contextVarsJmsListenerConfigurer(FromContextArgumentResolver resolver,
				BeanFactory beanFactory) {
			return (registrar) -> {
				if (registrar.getMessageHandlerMethodFactory() == null) {
					DefaultMessageHandlerMethodFactory factory = new DefaultMessageHandlerMethodFactory();
					factory.setBeanFactory(beanFactory);
					factory.setCustomArgumentResolvers(List.of(resolver));
					factory.afterPropertiesSet();
					registrar.setMessageHandlerMethodFactory(factory);
				}
			};
		}

	}

	/**
	 * {@link Configuration @Configuration} for listeners of Redis, which have annotations
	 * since Spring Data Redis 4.1.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent("org.springframework.data.redis.config.RedisListenerConfigurer")
	static final class Redis {

		@Bean
		static RedisListenerConfigurer contextVarsRedisListenerConfigurer(FromContextArgumentResolver resolver) {
			return new RedisListenerConfigurer() {

				@Override
				public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
					resolvers.add(0, resolver);
				}

			};
		}

	}

}

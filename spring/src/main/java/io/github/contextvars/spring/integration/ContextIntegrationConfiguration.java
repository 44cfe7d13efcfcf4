package io.github.contextvars.spring.integration;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Role;
import org.springframework.core.Ordered;
import org.springframework.integration.channel.interceptor.GlobalChannelInterceptorWrapper;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.messaging.FromContextArgumentResolver;
import io.github.contextvars.spring.messaging.FromContextConfiguration;
import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} that gives each message of Spring Integration a
 * context: with its sender's values through channels and gateways that hold it in memory,
 * and an empty one behind all others.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnPresent("org.springframework.integration.endpoint.AbstractPollingEndpoint")
@Import({ WorkConfiguration.class, ContextIntegrationConfiguration.Parameters.class })
public final class ContextIntegrationConfiguration {

	@Bean
	@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
	static MessageContexts contextVarsMessageContexts(ObjectProvider<WorkRegistry> workRegistry) {
		return new MessageContexts(SingletonSupplier.of(workRegistry::getObject));
	}

	@Bean
	static IntegrationContextBeanPostProcessor contextVarsIntegrationBeanPostProcessor(MessageContexts contexts,
			ListableBeanFactory beanFactory) {
		return new IntegrationContextBeanPostProcessor(contexts, beanFactory);
	}

	@Bean
	GlobalChannelInterceptorWrapper contextVarsSendingInterceptor(MessageContexts contexts) {
		return forAllChannels(new SendingContextInterceptor(contexts), Ordered.LOWEST_PRECEDENCE);
	}

	@Bean
	GlobalChannelInterceptorWrapper contextVarsReceivingInterceptor(MessageContexts contexts) {
		return forAllChannels(new ReceivingContextInterceptor(contexts), Ordered.HIGHEST_PRECEDENCE);
	}

	private static GlobalChannelInterceptorWrapper forAllChannels(ChannelInterceptor interceptor, int order) {
		GlobalChannelInterceptorWrapper wrapper = new GlobalChannelInterceptorWrapper(interceptor);
		wrapper.setOrder(order);
		return wrapper;
	}

	/**
	 * {@link Configuration @Configuration} that binds
	 * {@link io.github.contextvars.spring.annotation.FromContext @FromContext}
	 * parameters, also where messages get no contexts: Spring Integration would bind the
	 * payload.
	 *
	 * @since 0.1.0
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent("org.springframework.integration.endpoint.AbstractPollingEndpoint")
	@Import(FromContextConfiguration.class)
	public static final class Parameters {

		@Bean
		static FromContextBeanPostProcessor contextVarsIntegrationFromContextBeanPostProcessor(
				ObjectProvider<FromContextArgumentResolver> resolver) {
			return new FromContextBeanPostProcessor(SingletonSupplier.of(resolver::getObject));
		}

	}

}

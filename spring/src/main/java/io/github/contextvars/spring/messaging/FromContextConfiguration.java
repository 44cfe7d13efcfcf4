package io.github.contextvars.spring.messaging;

import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.convert.support.DefaultConversionService;

import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.PresenceCondition;

/**
 * {@link Configuration @Configuration} for
 * {@link io.github.contextvars.spring.annotation.FromContext @FromContext} in methods
 * that handle messages.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Conditional(FromContextConfiguration.MessagingIsPresent.class)
@Import(ContextVariableConfiguration.class)
public final class FromContextConfiguration {

	@Bean
	FromContextArgumentResolver contextVarsMessageFromContextArgumentResolver(ConfigurableBeanFactory beanFactory,
			ContextVariableRegistry variables) {
		return new FromContextArgumentResolver(DefaultConversionService.getSharedInstance(), beanFactory, variables);
	}

	/**
	 * Condition that Spring Messaging is present.
	 */
	static final class MessagingIsPresent extends PresenceCondition {

		MessagingIsPresent() {
			super("org.springframework.messaging.handler.invocation.HandlerMethodArgumentResolver");
		}

	}

}

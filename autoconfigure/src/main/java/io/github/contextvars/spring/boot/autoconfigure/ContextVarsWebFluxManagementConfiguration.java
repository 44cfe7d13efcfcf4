package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.web.reactive.config.WebFluxConfigurer;

import io.github.contextvars.spring.web.reactive.ContextHttpHandlerDecorator;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link ManagementContextConfiguration @ManagementContextConfiguration} that begins a
 * context for each request to a separate management port of a reactive application.
 *
 * @since 0.1.0
 */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
@ConditionalOnClass(WebFluxConfigurer.class)
@ConditionalOnBean(WorkRegistry.class)
@ConditionalOnBooleanProperty(name = "contextvars.web.enabled", matchIfMissing = true)
public final class ContextVarsWebFluxManagementConfiguration {

	// It comes before that of the parent, which then has nothing to do.
	@Bean
	HttpHandlerDecoratorFactory contextVarsManagementHttpHandlerDecorator(WorkRegistry workRegistry) {
		return new ContextHttpHandlerDecorator(workRegistry);
	}

}

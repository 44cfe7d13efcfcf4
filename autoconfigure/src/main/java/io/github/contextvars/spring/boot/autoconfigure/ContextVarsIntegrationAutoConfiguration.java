package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.integration.ContextIntegrationConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} that gives each message of Spring
 * Integration a context, and binds parameters of its methods to context variables, also
 * where contexts of messages are switched off.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnClass(name = "org.springframework.integration.endpoint.AbstractPollingEndpoint")
@Import(ContextIntegrationConfiguration.Parameters.class)
public final class ContextVarsIntegrationAutoConfiguration {

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBooleanProperty(name = "contextvars.messaging.enabled", matchIfMissing = true)
	@Import(ContextIntegrationConfiguration.class)
	static final class Messages {

	}

}

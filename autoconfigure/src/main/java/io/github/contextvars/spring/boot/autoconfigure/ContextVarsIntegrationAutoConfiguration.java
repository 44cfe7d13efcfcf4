package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.integration.ContextIntegrationConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} that gives each message of Spring
 * Integration a context.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnClass(name = "org.springframework.integration.endpoint.AbstractPollingEndpoint")
@ConditionalOnBooleanProperty(name = "contextvars.messaging.enabled", matchIfMissing = true)
@Import(ContextIntegrationConfiguration.class)
public final class ContextVarsIntegrationAutoConfiguration {

}

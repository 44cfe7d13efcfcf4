package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.expose.EndpointExposure;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

import io.github.contextvars.spring.boot.actuate.ContextVarsEndpoint;
import io.github.contextvars.spring.boot.actuate.ContextVarsEndpointWebExtension;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.task.ExecutorPropagationReport;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link AutoConfiguration Auto-configuration} for the {@code contextvars} endpoint and
 * the tracking of contexts that it needs.
 */
@AutoConfiguration
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnAvailableEndpoint(ContextVarsEndpoint.class)
@EnableConfigurationProperties(ContextVarsEndpointProperties.class)
public final class ContextVarsEndpointAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnBooleanProperty(name = "contextvars.live.enabled", matchIfMissing = true)
	WorkRegistry liveContexts() {
		return WorkRegistry.tracked();
	}

	@Bean
	@ConditionalOnMissingBean
	ContextVarsEndpoint contextVarsEndpoint(ContextVariableRegistry variables, WorkRegistry liveContexts,
			ObjectProvider<ExecutorPropagationReport> executors, ObjectProvider<SanitizingFunction> sanitizingFunctions,
			ContextVarsEndpointProperties properties) {
		return new ContextVarsEndpoint(variables, liveContexts,
				executors.getIfAvailable(ExecutorPropagationReport::new), sanitizingFunctions.orderedStream().toList(),
				properties.getShowValues());
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnBean(ContextVarsEndpoint.class)
	@ConditionalOnAvailableEndpoint(exposure = EndpointExposure.WEB)
	ContextVarsEndpointWebExtension contextVarsEndpointWebExtension(ContextVarsEndpoint endpoint,
			ContextVarsEndpointProperties properties) {
		return new ContextVarsEndpointWebExtension(endpoint, properties.getShowValues(), properties.getRoles());
	}

}

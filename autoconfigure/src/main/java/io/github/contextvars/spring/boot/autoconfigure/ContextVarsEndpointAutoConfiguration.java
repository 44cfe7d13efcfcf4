package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.expose.EndpointExposure;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

import io.github.contextvars.spring.boot.actuate.ContextVarsEndpoint;
import io.github.contextvars.spring.boot.actuate.ContextVarsEndpointWebExtension;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.OutsideContextPolicy;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link AutoConfiguration Auto-configuration} for the {@code contextvars} endpoint, and
 * for the tracking of units of work that it needs.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnAvailableEndpoint(ContextVarsEndpoint.class)
@EnableConfigurationProperties(ContextVarsEndpointProperties.class)
public final class ContextVarsEndpointAutoConfiguration {

	@Bean
	WorkConfiguration.Tracking contextVarsTracking() {
		return new WorkConfiguration.Tracking();
	}

	// As for each of Boot's endpoints: in a hierarchy, only one context may define it.
	@Bean
	@ConditionalOnMissingBean
	ContextVarsEndpoint contextVarsEndpoint(ContextVariableRegistry variables, WorkRegistry workRegistry,
			OutsideContextPolicy policy, ObjectProvider<PropagationSource> propagation,
			ObjectProvider<SanitizingFunction> sanitizingFunctions, ContextVarsEndpointProperties properties) {
		return new ContextVarsEndpoint(variables, workRegistry, policy, propagation,
				sanitizingFunctions.orderedStream().toList(), properties.getShowValues());
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

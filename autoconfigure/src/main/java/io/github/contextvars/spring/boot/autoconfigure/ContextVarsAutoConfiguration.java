package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.threadlocal.ContextReactorConfiguration;
import io.github.contextvars.spring.work.WorkConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} for what all integrations share: the
 * declared variables, the policy outside any context, and the registry of units of work.
 *
 * @since 0.1.0
 */
@AutoConfiguration
@EnableConfigurationProperties(ContextVarsProperties.class)
@Import({ ContextVariableConfiguration.class, WorkConfiguration.class, ContextReactorConfiguration.class })
public final class ContextVarsAutoConfiguration {

	@Bean
	ContextVariableConfiguration.Settings contextVarsOutsideContextSettings(ContextVarsProperties properties) {
		ContextVarsProperties.OutsideContext outside = properties.getOutsideContext();
		return new ContextVariableConfiguration.Settings(outside.getSet(), outside.getGet(),
				ApplicationReadyEvent.class);
	}

}

package io.github.contextvars.spring.boot.autoconfigure;

import ch.qos.logback.classic.LoggerContext;
import org.slf4j.LoggerFactory;
import org.springframework.boot.LazyInitializationExcludeFilter;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.contextvars.spring.logging.LogbackMdcInstaller;
import io.github.contextvars.spring.logging.LoggedVariableProvider;
import io.github.contextvars.spring.registry.ContextVariableRegistry;

/**
 * {@link AutoConfiguration Auto-configuration} for logged variables.
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnBooleanProperty(name = "contextvars.logs.enabled", matchIfMissing = true)
public final class ContextVarsLoggingAutoConfiguration {

	@Bean(destroyMethod = "close")
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	LoggedVariableProvider loggedVariables(ContextVariableRegistry variables) {
		return LoggedVariableProvider.install(variables);
	}

	// Nobody asks for these beans.
	@Bean
	static LazyInitializationExcludeFilter loggedVariablesLazyInitializationExcludeFilter() {
		return LazyInitializationExcludeFilter.forBeanTypes(LoggedVariableProvider.class, LogbackMdcInstaller.class);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ LoggerContext.class, LoggerFactory.class })
	static class LogbackConfiguration {

		@Bean(destroyMethod = "close")
		@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
		LogbackMdcInstaller logbackEvents(LoggedVariableProvider variables) {
			return LogbackMdcInstaller.install(variables, LoggerFactory.getILoggerFactory());
		}

	}

}

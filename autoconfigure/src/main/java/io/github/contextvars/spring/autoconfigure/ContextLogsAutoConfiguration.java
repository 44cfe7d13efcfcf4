package io.github.contextvars.spring.autoconfigure;

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

import io.github.contextvars.spring.declare.ContextVariables;
import io.github.contextvars.spring.logs.LogbackEvents;
import io.github.contextvars.spring.logs.LoggedVariables;

/**
 * {@link AutoConfiguration Auto-configuration} for logged variables.
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnBooleanProperty(name = "contextvars.logs.enabled", matchIfMissing = true)
public final class ContextLogsAutoConfiguration {

	@Bean(destroyMethod = "close")
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	LoggedVariables loggedVariables(ContextVariables variables) {
		return LoggedVariables.install(variables);
	}

	// Nobody asks for these beans.
	@Bean
	static LazyInitializationExcludeFilter loggedVariablesLazyInitializationExcludeFilter() {
		return LazyInitializationExcludeFilter.forBeanTypes(LoggedVariables.class, LogbackEvents.class);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ LoggerContext.class, LoggerFactory.class })
	static class LogbackConfiguration {

		@Bean(destroyMethod = "close")
		@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
		LogbackEvents logbackEvents(LoggedVariables variables) {
			return LogbackEvents.install(variables, LoggerFactory.getILoggerFactory());
		}

	}

}

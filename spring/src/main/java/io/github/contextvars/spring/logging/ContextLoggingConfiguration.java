package io.github.contextvars.spring.logging;

import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;

import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.ConditionalOnPresent;

/**
 * {@link Configuration @Configuration} for logged variables, in Logback and Log4j2.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import({ ContextVariableConfiguration.class, ContextLoggingConfiguration.Logback.class })
public final class ContextLoggingConfiguration {

	// Nothing asks for these beans: they are created in a lazy application as well.
	@Bean(destroyMethod = "close")
	@Lazy(false)
	LoggedVariableProvider contextVarsLoggedVariableProvider(ContextVariableRegistry variables) {
		return LoggedVariableProvider.install(variables);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent({ "ch.qos.logback.classic.LoggerContext", "org.slf4j.LoggerFactory" })
	static final class Logback {

		@Bean(destroyMethod = "close")
		@Lazy(false)
		LogbackMdcInstaller contextVarsLogbackMdcInstaller(LoggedVariableProvider variables) {
			return LogbackMdcInstaller.install(variables, LoggerFactory.getILoggerFactory());
		}

	}

}

package io.github.contextvars.spring.logging;

import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.util.ClassUtils;

import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;

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
	@Conditional(LogbackIsPresent.class)
	static final class Logback {

		@Bean(destroyMethod = "close")
		@Lazy(false)
		LogbackMdcInstaller contextVarsLogbackMdcInstaller(LoggedVariableProvider variables) {
			return LogbackMdcInstaller.install(variables, LoggerFactory.getILoggerFactory());
		}

	}

	static final class LogbackIsPresent implements Condition {

		@Override
		public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
			return ClassUtils.isPresent("ch.qos.logback.classic.LoggerContext", context.getClassLoader())
					&& ClassUtils.isPresent("org.slf4j.LoggerFactory", context.getClassLoader());
		}

	}

}

package io.github.contextvars.spring.autoconfigure;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;

import io.github.contextvars.spring.declare.ContextVariables;
import io.github.contextvars.spring.task.ExecutorCoverage;

/**
 * {@link AutoConfiguration Auto-configuration} for what is reported when all of an
 * application is there.
 */
@AutoConfiguration(after = { ContextVarsAutoConfiguration.class, ContextWebAutoConfiguration.class })
public final class ContextStartupAutoConfiguration {

	@Bean
	StartupReport contextStartupReport(ApplicationContext context, ContextVariables variables,
			ObjectProvider<ExecutorCoverage> executors) {
		return new StartupReport(context, variables, executors);
	}

}

package io.github.contextvars.spring.jfr;

import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;

import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.WorkConfiguration;

/**
 * {@link Configuration @Configuration} for units of work as events of Flight Recorder,
 * with the values of observed variables. Nothing is recorded in a runtime without the
 * module {@code jdk.jfr}.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnPresent("jdk.jfr.FlightRecorder")
@Import({ ContextVariableConfiguration.class, WorkConfiguration.class })
public final class ContextJfrConfiguration {

	@Bean(destroyMethod = "close")
	WorkEvents contextVarsWorkEvents() {
		return new WorkEvents();
	}

	// The registry of work exists before the variables are known.
	@Bean
	@Lazy(false)
	SmartInitializingSingleton contextVarsWorkEventsStart(WorkEvents events, ContextVariableRegistry variables) {
		return () -> events.start(variables);
	}

}

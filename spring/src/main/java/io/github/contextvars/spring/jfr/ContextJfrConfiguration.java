package io.github.contextvars.spring.jfr;

import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;

import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.PresenceCondition;
import io.github.contextvars.spring.work.WorkConfiguration;

/**
 * {@link Configuration @Configuration} for units of work as events of Flight Recorder,
 * with the values of observed variables. Nothing is recorded in a runtime without the
 * module {@code jdk.jfr}.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import({ ContextVariableConfiguration.class, WorkConfiguration.class, ContextJfrConfiguration.Events.class })
public final class ContextJfrConfiguration {

	@Configuration(proxyBeanMethods = false)
	@Conditional(JfrIsPresent.class)
	static final class Events {

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

	static final class JfrIsPresent extends PresenceCondition {

		JfrIsPresent() {
			super("jdk.jfr.FlightRecorder");
		}

	}

}

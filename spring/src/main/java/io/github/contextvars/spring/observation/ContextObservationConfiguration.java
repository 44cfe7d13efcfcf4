package io.github.contextvars.spring.observation;

import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.observation.ObservationFilter;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.OutsideContextPolicy;
import io.github.contextvars.spring.remote.RemoteDrops;
import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} for meters of contexts and for observed variables.
 * Without Spring Boot, bind the {@link MeterBinder} bean to a registry, and add the
 * {@link ObservationFilter} bean to the configuration of one.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import({ ContextVariableConfiguration.class, WorkConfiguration.class, ContextObservationConfiguration.Meters.class,
		ContextObservationConfiguration.Observations.class })
public final class ContextObservationConfiguration {

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent("io.micrometer.core.instrument.binder.MeterBinder")
	static final class Meters {

		@Bean
		MeterBinder contextVarsMeterBinder(WorkRegistry workRegistry, OutsideContextPolicy policy,
				ObjectProvider<RemoteDrops> drops) {
			return new ContextVarsMetrics(workRegistry, policy, drops.getIfAvailable());
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent("io.micrometer.observation.ObservationFilter")
	static final class Observations {

		@Bean
		ObservationFilter contextVarsObservationFilter(ObjectProvider<ContextVariableRegistry> variables) {
			return new ContextVariablesObservationFilter(variables::getObject);
		}

	}

}

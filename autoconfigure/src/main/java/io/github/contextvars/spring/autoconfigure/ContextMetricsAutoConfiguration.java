package io.github.contextvars.spring.autoconfigure;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.contextvars.spring.declare.ContextVariables;
import io.github.contextvars.spring.live.LiveContexts;
import io.github.contextvars.spring.metrics.ContextMeters;
import io.github.contextvars.spring.metrics.ObservedVariables;
import io.github.contextvars.spring.task.BaseContextPolicy;

/**
 * {@link AutoConfiguration Auto-configuration} for meters of contexts, and for observed
 * variables.
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class,
		afterName = {
				"org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration",
				"org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration" })
@ConditionalOnBooleanProperty(name = "contextvars.metrics.enabled", matchIfMissing = true)
public final class ContextMetricsAutoConfiguration {

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(MeterRegistry.class)
	@ConditionalOnBean(MeterRegistry.class)
	static class MeterConfiguration {

		@Bean
		@ConditionalOnMissingBean
		ContextMeters contextMeters(LiveContexts liveContexts, BaseContextPolicy baseContextPolicy) {
			return new ContextMeters(liveContexts, baseContextPolicy);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(ObservationRegistry.class)
	@ConditionalOnBean(ObservationRegistry.class)
	static class ObservationConfiguration {

		@Bean
		@ConditionalOnMissingBean
		ObservedVariables observedVariables(ObjectProvider<ContextVariables> variables) {
			return new ObservedVariables(variables::getObject);
		}

	}

}

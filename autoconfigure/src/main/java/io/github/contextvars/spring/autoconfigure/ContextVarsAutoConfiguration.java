package io.github.contextvars.spring.autoconfigure;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.LazyInitializationExcludeFilter;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;

import io.github.contextvars.spring.declare.ContextVariables;
import io.github.contextvars.spring.live.LiveContexts;
import io.github.contextvars.spring.task.BaseContextPolicy;
import io.github.contextvars.spring.task.ContextTaskDecorator;

/**
 * {@link AutoConfiguration Auto-configuration} for what all paths share: the declared
 * variables and the contexts that run.
 */
@AutoConfiguration(after = ContextVarsEndpointAutoConfiguration.class)
@EnableConfigurationProperties(ContextVarsProperties.class)
public final class ContextVarsAutoConfiguration {

	// Post-processors, and what goes by the variables of a child context, are its own.
	@Bean
	@Primary
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	ContextVariables contextVariables(ConfigurableListableBeanFactory beanFactory) {
		return ContextVariables.of(beanFactory);
	}

	// Without an endpoint to list them, nothing is tracked.
	@Bean
	@ConditionalOnMissingBean
	LiveContexts liveContexts() {
		return LiveContexts.untracked();
	}

	@Bean(destroyMethod = "close")
	BaseContextPolicy baseContextPolicy(ContextVarsProperties properties) {
		return BaseContextPolicy.install(properties.getBaseContext());
	}

	// A wrong declaration stops a lazy application from starting, too; and tasks are
	// handed over
	// while it shuts down, when nothing can be created any more.
	@Bean
	static LazyInitializationExcludeFilter contextVariablesLazyInitializationExcludeFilter() {
		return LazyInitializationExcludeFilter.forBeanTypes(ContextVariables.class, BaseContextPolicy.class,
				LiveContexts.class, ContextTaskDecorator.class);
	}

}

package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.LazyInitializationExcludeFilter;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;

import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.OutsideContextPolicy;
import io.github.contextvars.spring.task.ContextTaskDecorator;
import io.github.contextvars.spring.work.WorkRegistry;

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
	ContextVariableRegistry contextVariables(ConfigurableListableBeanFactory beanFactory) {
		return ContextVariableRegistry.of(beanFactory);
	}

	// Without an endpoint to list them, nothing is tracked.
	@Bean
	@ConditionalOnMissingBean
	WorkRegistry liveContexts() {
		return WorkRegistry.untracked();
	}

	@Bean(destroyMethod = "close")
	OutsideContextPolicy baseContextPolicy(ContextVarsProperties properties) {
		return OutsideContextPolicy.install(properties.getBaseContext());
	}

	// A wrong declaration stops a lazy application from starting, too; and tasks are
	// handed over
	// while it shuts down, when nothing can be created any more.
	@Bean
	static LazyInitializationExcludeFilter contextVariablesLazyInitializationExcludeFilter() {
		return LazyInitializationExcludeFilter.forBeanTypes(ContextVariableRegistry.class, OutsideContextPolicy.class,
				WorkRegistry.class, ContextTaskDecorator.class);
	}

}

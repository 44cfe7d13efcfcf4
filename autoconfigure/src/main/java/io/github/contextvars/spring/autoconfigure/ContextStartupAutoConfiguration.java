package io.github.contextvars.spring.autoconfigure;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;

import io.github.contextvars.spring.declare.ContextVariables;
import io.github.contextvars.spring.task.ExecutorCoverage;
import io.github.contextvars.spring.web.ContextValueCheck;

/**
 * {@link AutoConfiguration Auto-configuration} for what is checked and reported when all
 * of an application is there. {@code @WebMvcTest} leaves it out: a slice need not contain
 * the beans that declare what its controllers name.
 */
@AutoConfiguration(after = { ContextVarsAutoConfiguration.class, ContextWebAutoConfiguration.class })
public final class ContextStartupAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(name = "contextStartupReport", search = SearchStrategy.CURRENT)
	StartupReport contextStartupReport(ConfigurableApplicationContext context, ContextVariables variables,
			ObjectProvider<ExecutorCoverage> executors) {
		return new StartupReport(context, variables, executors);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(RequestMappingHandlerAdapter.class)
	@ConditionalOnBean(name = "contextWebMvcConfigurer")
	static class WebMvcConfiguration {

		@Bean
		@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
		ContextValueCheck contextValueCheck(ConfigurableListableBeanFactory beanFactory, ContextVariables variables,
				ObjectProvider<RequestMappingHandlerAdapter> adapter) {
			return new ContextValueCheck(beanFactory, variables, adapter);
		}

	}

}

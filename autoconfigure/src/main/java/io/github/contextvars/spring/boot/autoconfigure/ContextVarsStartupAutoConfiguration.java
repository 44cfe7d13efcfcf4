package io.github.contextvars.spring.boot.autoconfigure;

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

import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.task.ExecutorPropagationReport;
import io.github.contextvars.spring.web.servlet.FromContextValidator;

/**
 * {@link AutoConfiguration Auto-configuration} for what is checked and reported when all
 * of an application is there. {@code @WebMvcTest} leaves it out: a slice need not contain
 * the beans that declare what its controllers name.
 */
@AutoConfiguration(after = { ContextVarsAutoConfiguration.class, ContextVarsWebAutoConfiguration.class })
public final class ContextVarsStartupAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(name = "contextStartupReport", search = SearchStrategy.CURRENT)
	ContextVarsStartupLogger contextStartupReport(ConfigurableApplicationContext context,
			ContextVariableRegistry variables, ObjectProvider<ExecutorPropagationReport> executors) {
		return new ContextVarsStartupLogger(context, variables, executors);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(RequestMappingHandlerAdapter.class)
	@ConditionalOnBean(name = "contextWebMvcConfigurer")
	static class WebMvcConfiguration {

		@Bean
		@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
		FromContextValidator contextValueCheck(ConfigurableListableBeanFactory beanFactory,
				ContextVariableRegistry variables, ObjectProvider<RequestMappingHandlerAdapter> adapter) {
			return new FromContextValidator(beanFactory, variables, adapter);
		}

	}

}

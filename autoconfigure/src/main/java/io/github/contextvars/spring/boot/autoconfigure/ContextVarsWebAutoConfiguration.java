package io.github.contextvars.spring.boot.autoconfigure;

import java.util.List;

import jakarta.servlet.Filter;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingFilterBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.servlet.config.annotation.AsyncSupportConfigurer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.web.servlet.ContextCallableProcessingInterceptor;
import io.github.contextvars.spring.web.servlet.ContextFilter;
import io.github.contextvars.spring.web.servlet.FromContextArgumentResolver;
import io.github.contextvars.spring.web.servlet.FromContextResolverBeanPostProcessor;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link AutoConfiguration Auto-configuration} that gives each request a context, and
 * controllers the values in it.
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass({ Filter.class, OncePerRequestFilter.class })
public final class ContextVarsWebAutoConfiguration {

	@Bean
	@ConditionalOnMissingFilterBean
	@ConditionalOnBooleanProperty(name = "contextvars.web.enabled", matchIfMissing = true)
	FilterRegistrationBean<ContextFilter> contextFilterRegistration(WorkRegistry liveContexts,
			ContextVarsProperties properties) {
		return registration(liveContexts, properties);
	}

	static FilterRegistrationBean<ContextFilter> registration(WorkRegistry liveContexts,
			ContextVarsProperties properties) {
		FilterRegistrationBean<ContextFilter> registration = new FilterRegistrationBean<>(
				new ContextFilter(liveContexts));
		registration.setOrder(properties.getWeb().getOrder());
		return registration;
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(WebMvcConfigurer.class)
	static class WebMvcConfiguration {

		@Bean
		@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
		static FromContextResolverBeanPostProcessor contextValuePrecedence(ConfigurableBeanFactory beanFactory,
				ObjectProvider<ContextVariableRegistry> variables) {
			return new FromContextResolverBeanPostProcessor(
					SingletonSupplier.of(() -> new FromContextArgumentResolver(beanFactory, variables.getObject())));
		}

		@Bean
		WebMvcConfigurer contextWebMvcConfigurer(ConfigurableBeanFactory beanFactory, ContextVariableRegistry variables,
				WorkRegistry liveContexts, ContextVarsProperties properties) {
			boolean carries = properties.getTask().isEnabled();
			return new WebMvcConfigurer() {

				@Override
				public void configureAsyncSupport(AsyncSupportConfigurer configurer) {
					if (carries) {
						configurer.registerCallableInterceptors(new ContextCallableProcessingInterceptor(liveContexts));
					}
				}

				// Child contexts ask this, and no post-processor of ours.
				@Override
				public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
					resolvers.add(new FromContextArgumentResolver(beanFactory, variables));
				}

			};
		}

	}

}

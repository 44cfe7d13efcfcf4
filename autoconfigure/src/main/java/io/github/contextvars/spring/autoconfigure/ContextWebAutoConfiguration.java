package io.github.contextvars.spring.autoconfigure;

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

import io.github.contextvars.spring.declare.ContextVariables;
import io.github.contextvars.spring.live.LiveContexts;
import io.github.contextvars.spring.web.CarryingCallableInterceptor;
import io.github.contextvars.spring.web.ContextFilter;
import io.github.contextvars.spring.web.ContextValueArgumentResolver;
import io.github.contextvars.spring.web.ContextValuePrecedence;

/**
 * {@link AutoConfiguration Auto-configuration} that gives each request a context, and
 * controllers the values in it.
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass({ Filter.class, OncePerRequestFilter.class })
public final class ContextWebAutoConfiguration {

	@Bean
	@ConditionalOnMissingFilterBean
	@ConditionalOnBooleanProperty(name = "contextvars.web.enabled", matchIfMissing = true)
	FilterRegistrationBean<ContextFilter> contextFilterRegistration(LiveContexts liveContexts,
			ContextVarsProperties properties) {
		return registration(liveContexts, properties);
	}

	static FilterRegistrationBean<ContextFilter> registration(LiveContexts liveContexts,
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
		static ContextValuePrecedence contextValuePrecedence(ConfigurableBeanFactory beanFactory,
				ObjectProvider<ContextVariables> variables) {
			return new ContextValuePrecedence(
					SingletonSupplier.of(() -> new ContextValueArgumentResolver(beanFactory, variables.getObject())));
		}

		@Bean
		WebMvcConfigurer contextWebMvcConfigurer(ConfigurableBeanFactory beanFactory, ContextVariables variables,
				LiveContexts liveContexts, ContextVarsProperties properties) {
			boolean carries = properties.getTask().isEnabled();
			return new WebMvcConfigurer() {

				@Override
				public void configureAsyncSupport(AsyncSupportConfigurer configurer) {
					if (carries) {
						configurer.registerCallableInterceptors(new CarryingCallableInterceptor(liveContexts));
					}
				}

				// Child contexts ask this, and no post-processor of ours.
				@Override
				public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
					resolvers.add(new ContextValueArgumentResolver(beanFactory, variables));
				}

			};
		}

	}

}

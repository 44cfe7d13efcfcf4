package io.github.contextvars.spring.web.servlet;

import java.util.Collections;
import java.util.List;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.cors.CorsUtils;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.servlet.config.annotation.AsyncSupportConfigurer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;

import io.github.contextvars.spring.fill.ContextFillConfiguration;
import io.github.contextvars.spring.fill.FillRules;
import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.web.FromContextValidator;
import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} for Spring MVC:
 * {@link io.github.contextvars.spring.annotation.FromContext @FromContext}, and the
 * propagation to what Spring MVC runs on other threads. The {@link ContextFilter} is
 * registered by the application, or by Spring Boot's auto-configuration.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import({ ContextWebConfiguration.Arguments.class, ContextWebConfiguration.AsyncSupport.class,
		ContextWebConfiguration.Validation.class })
public final class ContextWebConfiguration {

	private static final String MVC = "org.springframework.web.servlet.config.annotation.WebMvcConfigurer";

	/**
	 * {@link Configuration @Configuration} for
	 * {@link io.github.contextvars.spring.annotation.FromContext @FromContext}.
	 *
	 * @since 0.1.0
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent(MVC)
	@Import(ContextVariableConfiguration.class)
	public static final class Arguments {

		@Bean
		static FromContextResolverBeanPostProcessor contextVarsResolverBeanPostProcessor(
				ConfigurableBeanFactory beanFactory, ObjectProvider<ContextVariableRegistry> variables) {
			return new FromContextResolverBeanPostProcessor(
					SingletonSupplier.of(() -> new FromContextArgumentResolver(beanFactory, variables.getObject())));
		}

		// Child contexts ask this, but none of their parent's post-processors.
		@Bean
		WebMvcConfigurer contextVarsWebMvcConfigurer(ConfigurableBeanFactory beanFactory,
				ContextVariableRegistry variables) {
			return new WebMvcConfigurer() {

				@Override
				public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
					resolvers.add(new FromContextArgumentResolver(beanFactory, variables));
				}

			};
		}

	}

	/**
	 * {@link Configuration @Configuration} that fills variables from the headers of
	 * requests. Its initializers are to be passed to the {@link ContextFilter}.
	 *
	 * @since 0.1.0
	 */
	@Configuration(proxyBeanMethods = false)
	@Import(ContextFillConfiguration.class)
	public static final class Filling {

		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		RequestContextInitializer contextVarsRemoteContextInitializer(ObjectProvider<RemoteReceiver> receiver) {
			return new RemoteContextInitializer(SingletonSupplier.ofNullable(receiver::getIfAvailable));
		}

		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE + 1)
		RequestContextInitializer contextVarsHeaderContextInitializer(FillRules rules) {
			return (request) -> {
				if (!rules.isEmpty()) {
					rules.fromHeaders((header) -> Collections.list(request.getHeaders(header)),
							ContextFilter.filledValues(request), CorsUtils.isPreFlightRequest(request));
				}
			};
		}

	}

	/**
	 * {@link Configuration @Configuration} that propagates contexts to what Spring MVC
	 * runs on other threads.
	 *
	 * @since 0.1.0
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent(MVC)
	@Import(WorkConfiguration.class)
	public static final class AsyncSupport {

		@Bean
		@ImportRuntimeHints(DeferredResultInterceptorBeanPostProcessor.Hints.class)
		static DeferredResultInterceptorBeanPostProcessor contextVarsDeferredResultInterceptorBeanPostProcessor() {
			return new DeferredResultInterceptorBeanPostProcessor();
		}

		// The application's interceptors are called in the task's context, too.
		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		WebMvcConfigurer contextVarsAsyncSupportConfigurer(WorkRegistry workRegistry) {
			return new WebMvcConfigurer() {

				@Override
				public void configureAsyncSupport(AsyncSupportConfigurer configurer) {
					configurer.registerCallableInterceptors(new ContextCallableProcessingInterceptor(workRegistry));
				}

			};
		}

	}

	/**
	 * {@link Configuration @Configuration} that fails on startup where
	 * {@link io.github.contextvars.spring.annotation.FromContext @FromContext} could
	 * never get its value. Not for slices of an application, which may lack the beans
	 * that declare the variables.
	 *
	 * @since 0.1.0
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent(MVC)
	@Import(ContextVariableConfiguration.class)
	public static final class Validation {

		@Bean
		FromContextValidator contextVarsFromContextValidator(ConfigurableListableBeanFactory beanFactory,
				ContextVariableRegistry variables, ObjectProvider<RequestMappingHandlerAdapter> adapter) {
			return new FromContextValidator(beanFactory, variables, () -> {
				RequestMappingHandlerAdapter unique = adapter.getIfUnique();
				return (unique != null) ? unique.getWebBindingInitializer() : null;
			}, (parameter) -> false);
		}

	}

}

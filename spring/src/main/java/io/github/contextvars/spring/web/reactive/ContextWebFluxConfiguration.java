package io.github.contextvars.spring.web.reactive;

import java.util.function.Predicate;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.MethodParameter;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.bind.support.WebBindingInitializer;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.reactive.result.method.annotation.ArgumentResolverConfigurer;
import org.springframework.web.reactive.result.method.annotation.ModelMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.PrincipalMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.reactive.result.method.annotation.ServerWebExchangeMethodArgumentResolver;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Hooks;

import io.github.contextvars.spring.fill.AuthenticationFiller;
import io.github.contextvars.spring.fill.ContextFillConfiguration;
import io.github.contextvars.spring.fill.FillRules;
import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.threadlocal.ContextReactorConfiguration;
import io.github.contextvars.spring.web.FromContextValidator;
import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} for Spring WebFlux: a context for each request,
 * filled from the request and its authenticated user, and
 * {@link io.github.contextvars.spring.annotation.FromContext @FromContext}. Signals run
 * in copies of that context in Reactor's automatic mode only.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import({ ContextWebFluxConfiguration.Requests.class, ContextWebFluxConfiguration.Arguments.class,
		ContextWebFluxConfiguration.Validation.class, ContextWebFluxConfiguration.Authentications.class })
public final class ContextWebFluxConfiguration {

	private static final String WEB_FLUX = "org.springframework.web.reactive.config.WebFluxConfigurer";

	private static final String ACCESSOR = "io.micrometer.context.ThreadLocalAccessor";

	/**
	 * {@link Configuration @Configuration} that begins a context for each request.
	 *
	 * @since 0.1.0
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent({ WEB_FLUX, ACCESSOR })
	@Import({ WorkConfiguration.class, ContextFillConfiguration.class, ContextReactorConfiguration.class })
	public static final class Requests {

		@Bean
		HttpHandlerDecoratorFactory contextVarsHttpHandlerDecorator(WorkRegistry workRegistry, FillRules rules,
				ObjectProvider<RemoteReceiver> receiver, ObjectProvider<ServerRequestContextInitializer> initializers) {
			return new ContextHttpHandlerDecorator(workRegistry,
					new RequestFiller(SingletonSupplier.ofNullable(receiver::getIfAvailable), rules,
							initializers.orderedStream().toList()));
		}

		@Bean
		PropagationSource contextVarsHttpHandlerPropagation() {
			return () -> Stream.of(Hooks.isAutomaticContextPropagationEnabled()
					? PropagationSource.Entry.propagating("requests", "request", HttpHandler.class,
							"HTTP handler decorator")
					: PropagationSource.Entry.notPropagating("requests", "request", HttpHandler.class,
							"Reactor's automatic context propagation is off, and signals run in no context",
							"Set spring.reactor.context-propagation=auto."));
		}

	}

	/**
	 * {@link Configuration @Configuration} for
	 * {@link io.github.contextvars.spring.annotation.FromContext @FromContext}.
	 *
	 * @since 0.1.0
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent({ WEB_FLUX, ACCESSOR })
	@Import(ContextVariableConfiguration.class)
	public static final class Arguments {

		@Bean
		WebFluxConfigurer contextVarsWebFluxConfigurer(ConfigurableBeanFactory beanFactory,
				ContextVariableRegistry variables) {
			return new WebFluxConfigurer() {

				@Override
				public void configureArgumentResolvers(ArgumentResolverConfigurer configurer) {
					configurer.addCustomResolver(new FromContextArgumentResolver(beanFactory,
							ReactiveAdapterRegistry.getSharedInstance(), variables));
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
	@ConditionalOnPresent({ WEB_FLUX, ACCESSOR })
	@Import(ContextVariableConfiguration.class)
	public static final class Validation {

		@Bean
		FromContextValidator contextVarsFromContextValidator(ConfigurableListableBeanFactory beanFactory,
				ContextVariableRegistry variables, ObjectProvider<RequestMappingHandlerAdapter> adapter) {
			return new FromContextValidator(beanFactory, variables, () -> binding(adapter), isBound());
		}

		private static @Nullable WebBindingInitializer binding(ObjectProvider<RequestMappingHandlerAdapter> adapter) {
			RequestMappingHandlerAdapter unique = adapter.getIfUnique();
			return (unique != null) ? unique.getWebBindingInitializer() : null;
		}

		// Spring WebFlux asks these before it asks those of an application.
		private static Predicate<MethodParameter> isBound() {
			ReactiveAdapterRegistry adapters = ReactiveAdapterRegistry.getSharedInstance();
			ServerWebExchangeMethodArgumentResolver exchange = new ServerWebExchangeMethodArgumentResolver(adapters);
			PrincipalMethodArgumentResolver principal = new PrincipalMethodArgumentResolver(adapters);
			ModelMethodArgumentResolver model = new ModelMethodArgumentResolver(adapters);
			return (parameter) -> exchange.supportsParameter(parameter) || principal.supportsParameter(parameter)
					|| model.supportsParameter(parameter);
		}

	}

	/**
	 * {@link Configuration @Configuration} that fills variables from the users that
	 * Spring Security has authenticated. For applications with its filter only.
	 *
	 * @since 0.1.0
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent({ WEB_FLUX, ACCESSOR, "org.springframework.security.web.server.WebFilterChainProxy" })
	@Import(ContextFillConfiguration.class)
	public static final class Authentications {

		@Bean
		WebFilter contextVarsAuthenticationWebFilter(AuthenticationFiller filler, FillRules rules) {
			return new AuthenticationContextWebFilter(filler, rules);
		}

	}

}

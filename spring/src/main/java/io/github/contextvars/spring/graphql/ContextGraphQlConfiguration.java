package io.github.contextvars.spring.graphql;

import java.util.List;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.graphql.data.method.HandlerMethodArgumentResolver;
import org.springframework.graphql.data.method.HandlerMethodArgumentResolverComposite;
import org.springframework.graphql.data.method.annotation.support.AnnotatedControllerConfigurer;
import org.springframework.graphql.server.WebGraphQlHandler;

import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.PropagationSource;

/**
 * {@link Configuration @Configuration} that propagates what the interceptors of a GraphQL
 * request have set to its data fetchers and batch loaders, and that binds parameters with
 * {@link io.github.contextvars.spring.annotation.FromContext @FromContext} in GraphQL
 * controllers.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import({ ContextGraphQlConfiguration.Interception.class, ContextGraphQlConfiguration.Arguments.class })
public final class ContextGraphQlConfiguration {

	private static final String INTERCEPTOR = "org.springframework.graphql.server.WebGraphQlInterceptor";

	private static final String ACCESSOR = "io.micrometer.context.ThreadLocalAccessor";

	/**
	 * {@link Configuration @Configuration} for requests.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent({ INTERCEPTOR, ACCESSOR })
	static final class Interception {

		@Bean
		ContextGraphQlInterceptor contextVarsGraphQlInterceptor() {
			return new ContextGraphQlInterceptor();
		}

		@Bean
		ContextGraphQlInterceptor.Mark contextVarsGraphQlMarkInterceptor() {
			return new ContextGraphQlInterceptor.Mark();
		}

		@Bean
		PropagationSource contextVarsGraphQlPropagation(ListableBeanFactory beanFactory) {
			return () -> Stream.of(beanFactory.getBeanNamesForType(WebGraphQlHandler.class, true, false))
				.map((name) -> PropagationSource.Entry.propagating(name, "GraphQL handler", WebGraphQlHandler.class,
						"interceptor"));
		}

	}

	/**
	 * {@link Configuration @Configuration} for
	 * {@link io.github.contextvars.spring.annotation.FromContext @FromContext}.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent({ INTERCEPTOR, ACCESSOR })
	@Import(ContextVariableConfiguration.class)
	@ImportRuntimeHints(Hints.class)
	static final class Arguments {

		// Of the configurer, and of the composite that it has.
		private static final String RESOLVERS = "argumentResolvers";

		// Boot offers no customizer.
		@Bean
		static BeanPostProcessor contextVarsGraphQlControllerBeanPostProcessor(ConfigurableBeanFactory beanFactory,
				ObjectProvider<ContextVariableRegistry> variables) {
			FromContextArgumentResolver resolver = new FromContextArgumentResolver(beanFactory, variables::getObject);
			return new BeanPostProcessor() {

				@Override
				public Object postProcessBeforeInitialization(Object bean, String name) {
					if (bean instanceof AnnotatedControllerConfigurer configurer) {
						configurer.addCustomArgumentResolver(resolver);
					}
					return bean;
				}

				@Override
				public Object postProcessAfterInitialization(Object bean, String name) {
					if (bean instanceof AnnotatedControllerConfigurer configurer) {
						putFirst(resolver, configurer);
					}
					return bean;
				}

			};
		}

		// Custom resolvers come after those that bind by type. These would take a Locale
		// from the client, and a Principal from Spring Security, whatever the annotation.
		@SuppressWarnings("unchecked")
		private static void putFirst(HandlerMethodArgumentResolver resolver, AnnotatedControllerConfigurer configurer) {
			Object composite = new DirectFieldAccessor(configurer).getPropertyValue(RESOLVERS);
			if (composite instanceof HandlerMethodArgumentResolverComposite
					&& new DirectFieldAccessor(composite).getPropertyValue(RESOLVERS) instanceof List<?> resolvers) {
				resolvers.remove(resolver);
				((List<HandlerMethodArgumentResolver>) resolvers).add(0, resolver);
			}
		}

	}

	/**
	 * {@link RuntimeHintsRegistrar} for the fields that are read.
	 */
	static final class Hints implements RuntimeHintsRegistrar {

		@Override
		public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
			hints.reflection()
				.registerTypeIfPresent(classLoader,
						"org.springframework.graphql.data.method.annotation.support.AnnotatedControllerDetectionSupport",
						(hint) -> hint.withField(Arguments.RESOLVERS))
				.registerType(HandlerMethodArgumentResolverComposite.class,
						(hint) -> hint.withField(Arguments.RESOLVERS));
		}

	}

}

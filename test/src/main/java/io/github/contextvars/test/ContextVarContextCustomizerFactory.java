package io.github.contextvars.test;

import java.util.List;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.test.context.ContextConfigurationAttributes;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.ContextCustomizerFactory;
import org.springframework.test.context.MergedContextConfiguration;
import org.springframework.util.ClassUtils;

import io.github.contextvars.spring.web.servlet.RequestContextInitializer;

/**
 * {@link ContextCustomizerFactory} that lets the library's filter set what
 * {@link ContextVarRequestPostProcessors} has put into a request. Spring's test framework
 * loads it by its name.
 *
 * @since 0.1.0
 */
public final class ContextVarContextCustomizerFactory implements ContextCustomizerFactory {

	private static final boolean SERVLET = List
		.of("io.github.contextvars.spring.web.servlet.RequestContextInitializer",
				"jakarta.servlet.http.HttpServletRequest")
		.stream()
		.allMatch((type) -> ClassUtils.isPresent(type, ContextVarContextCustomizerFactory.class.getClassLoader()));

	@Override
	public @Nullable ContextCustomizer createContextCustomizer(Class<?> testClass,
			List<ContextConfigurationAttributes> configAttributes) {
		return SERVLET ? new Customizer() : null;
	}

	// All are equal, so that an application context is cached for many test classes.
	private record Customizer() implements ContextCustomizer {

		@Override
		public void customizeContext(ConfigurableApplicationContext context, MergedContextConfiguration configuration) {
			if (context.getBeanFactory() instanceof BeanDefinitionRegistry registry) {
				RootBeanDefinition initializer = new RootBeanDefinition(Initializer.class, Initializer::new);
				initializer.setRole(BeanDefinition.ROLE_INFRASTRUCTURE);
				registry.registerBeanDefinition("contextVarsTestInitializer", initializer);
			}
		}

	}

	@Order(Ordered.HIGHEST_PRECEDENCE)
	private static final class Initializer implements RequestContextInitializer {

		@Override
		public void initialize(jakarta.servlet.http.HttpServletRequest request) {
			TestScope.set(ContextVarRequestPostProcessors.values(request));
		}

	}

}

package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

import io.github.contextvars.spring.boot.startup.ContextStartupConfiguration;
import io.github.contextvars.spring.web.reactive.ContextWebFluxConfiguration;
import io.github.contextvars.spring.web.servlet.ContextWebConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} for what happens when all of an
 * application starts: runners and ready-listeners get contexts, {@code @FromContext}
 * parameters are validated, and a line is logged. Slices such as {@code @WebMvcTest}
 * leave it out, as a slice need not contain the beans that declare what its controllers
 * name.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = { ContextVarsAutoConfiguration.class, ContextVarsWebAutoConfiguration.class,
		ContextVarsWebFluxAutoConfiguration.class })
@Import(ContextStartupConfiguration.class)
public final class ContextVarsStartupAutoConfiguration {

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(WebMvcConfigurer.class)
	@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
	@Import(ContextWebConfiguration.Validation.class)
	static final class ValidationConfiguration {

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(WebFluxConfigurer.class)
	@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
	@Import(ContextWebFluxConfiguration.Validation.class)
	static final class WebFluxValidationConfiguration {

	}

}

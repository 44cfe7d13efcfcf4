package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.reactive.config.WebFluxConfigurer;

import io.github.contextvars.spring.web.reactive.ContextWebFluxConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} that begins a context for each request of
 * Spring WebFlux, and passes the values in it to controllers.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = { ContextVarsAutoConfiguration.class, ContextVarsFillAutoConfiguration.class },
		afterName = {
				"org.springframework.boot.security.autoconfigure.web.reactive.ReactiveWebSecurityAutoConfiguration",
				"org.springframework.boot.autoconfigure.security.reactive.ReactiveSecurityAutoConfiguration" })
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
@ConditionalOnClass(WebFluxConfigurer.class)
@Import(ContextWebFluxConfiguration.Arguments.class)
public final class ContextVarsWebFluxAutoConfiguration {

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBooleanProperty(name = "contextvars.web.enabled", matchIfMissing = true)
	@Import(ContextWebFluxConfiguration.Requests.class)
	static final class RequestsConfiguration {

		@Configuration(proxyBeanMethods = false)
		@ConditionalOnBean(type = "org.springframework.security.web.server.WebFilterChainProxy")
		@Import(ContextWebFluxConfiguration.Authentications.class)
		static final class SecurityConfiguration {

		}

	}

}

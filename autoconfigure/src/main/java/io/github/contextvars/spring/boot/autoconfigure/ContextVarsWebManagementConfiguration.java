package io.github.contextvars.spring.boot.autoconfigure;

import jakarta.servlet.Filter;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.spring.web.servlet.ContextFilter;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link ManagementContextConfiguration @ManagementContextConfiguration} that runs each
 * request to a separate management port in a context. The application's filters do not
 * apply there.
 *
 * @since 0.1.0
 */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass({ Filter.class, OncePerRequestFilter.class })
@ConditionalOnBean(WorkRegistry.class)
@Import(ContextVarsTomcatConfiguration.class)
public final class ContextVarsWebManagementConfiguration {

	@Bean
	@ConditionalOnBooleanProperty(name = "contextvars.web.enabled", matchIfMissing = true)
	FilterRegistrationBean<ContextFilter> contextVarsManagementFilterRegistration(WorkRegistry workRegistry,
			ContextVarsProperties properties) {
		return ContextVarsWebAutoConfiguration.registration(new ContextFilter(workRegistry), properties);
	}

}

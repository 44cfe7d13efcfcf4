package io.github.contextvars.spring.autoconfigure;

import jakarta.servlet.Filter;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.spring.live.LiveContexts;
import io.github.contextvars.spring.web.ContextFilter;

/**
 * {@link ManagementContextConfiguration @ManagementContextConfiguration} that gives
 * requests on a management port of its own a context: the application's filters don't
 * reach there.
 */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass({ Filter.class, OncePerRequestFilter.class })
@ConditionalOnBean(LiveContexts.class)
public final class ContextWebManagementConfiguration {

	@Bean
	@ConditionalOnBooleanProperty(name = "contextvars.web.enabled", matchIfMissing = true)
	FilterRegistrationBean<ContextFilter> managementContextFilterRegistration(LiveContexts liveContexts,
			ContextVarsProperties properties) {
		return ContextWebAutoConfiguration.registration(liveContexts, properties);
	}

}

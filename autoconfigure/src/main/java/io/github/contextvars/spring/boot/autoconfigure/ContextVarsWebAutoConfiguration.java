package io.github.contextvars.spring.boot.autoconfigure;

import java.util.stream.Stream;

import jakarta.servlet.Filter;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;
import org.springframework.core.env.Environment;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.spring.fill.AuthenticationFiller;
import io.github.contextvars.spring.fill.FillRules;
import io.github.contextvars.spring.web.servlet.AuthenticationContextFilter;
import io.github.contextvars.spring.web.servlet.ContextFilter;
import io.github.contextvars.spring.web.servlet.ContextWebConfiguration;
import io.github.contextvars.spring.web.servlet.RequestContextInitializer;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link AutoConfiguration Auto-configuration} that runs each request in a context, and
 * passes the values in it to controllers and to what Spring MVC runs on other threads.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = { ContextVarsAutoConfiguration.class, ContextVarsFillAutoConfiguration.class },
		afterName = { "org.springframework.boot.security.autoconfigure.web.servlet.ServletWebSecurityAutoConfiguration",
				"org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration" })
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass({ Filter.class, OncePerRequestFilter.class })
@Import({ ContextWebConfiguration.Arguments.class, ContextWebConfiguration.Filling.class,
		ContextVarsTomcatConfiguration.class })
public final class ContextVarsWebAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(parameterizedContainer = FilterRegistrationBean.class)
	@ConditionalOnBooleanProperty(name = "contextvars.web.enabled", matchIfMissing = true)
	FilterRegistrationBean<ContextFilter> contextVarsFilterRegistration(WorkRegistry workRegistry,
			ContextVarsProperties properties, ObjectProvider<RequestContextInitializer> initializers) {
		return registration(new ContextFilter(workRegistry, initializers.orderedStream().toList()), properties);
	}

	static FilterRegistrationBean<ContextFilter> registration(ContextFilter filter, ContextVarsProperties properties) {
		int order = properties.getWeb().getOrder();
		FilterRegistrationBean<ContextFilter> registration = (order == Ordered.HIGHEST_PRECEDENCE)
				? new FirstRegistration(filter) : new FilterRegistrationBean<>(filter);
		registration.setOrder(order);
		return registration;
	}

	@Bean
	PropagationSource contextVarsFilterPropagation(ConfigurableListableBeanFactory beanFactory) {
		return () -> (isFiltered(beanFactory) ? Stream
			.of(PropagationSource.Entry.propagating("requests", "request", ContextFilter.class, "servlet filter"))
				: Stream.empty());
	}

	// Creates no bean.
	private static boolean isFiltered(ConfigurableListableBeanFactory beanFactory) {
		for (String name : beanFactory.getBeanNamesForType(FilterRegistrationBean.class, false, false)) {
			if (beanFactory.getSingleton(name) instanceof FilterRegistrationBean<?> registration
					&& registration.isEnabled() && registration.getFilter() instanceof ContextFilter) {
				return true;
			}
		}
		return beanFactory.getBeanNamesForType(ContextFilter.class, true, false).length > 0;
	}

	// Comes before the application's registrations of the same order.
	private static final class FirstRegistration extends FilterRegistrationBean<ContextFilter>
			implements PriorityOrdered {

		private FirstRegistration(ContextFilter filter) {
			super(filter);
		}

	}

	/**
	 * Where Spring Security authenticates requests, a filter right behind its own.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBean(type = "org.springframework.security.web.SecurityFilterChain")
	@ConditionalOnBooleanProperty(name = "contextvars.web.enabled", matchIfMissing = true)
	static final class SecurityConfiguration {

		// As SecurityFilterProperties has it.
		private static final int DEFAULT_ORDER = -100;

		@Bean
		FilterRegistrationBean<AuthenticationContextFilter> contextVarsAuthenticationFilterRegistration(
				AuthenticationFiller filler, FillRules rules, ContextVarsProperties properties,
				Environment environment) {
			FilterRegistrationBean<AuthenticationContextFilter> registration = new FilterRegistrationBean<>(
					new AuthenticationContextFilter(filler, rules));
			int securityOrder = environment.getProperty("spring.security.filter.order", Integer.class, DEFAULT_ORDER);
			registration.setOrder(Math.max(securityOrder, properties.getWeb().getOrder()) + 1);
			registration.setEnabled(filler.isNeeded());
			return registration;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBooleanProperty(name = "contextvars.task.enabled", matchIfMissing = true)
	@Import(ContextWebConfiguration.AsyncSupport.class)
	static final class AsyncSupportConfiguration {

	}

}

package io.github.contextvars.spring.threadlocal;

import java.util.Set;

import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.util.ClassUtils;

import io.github.contextvars.spring.registry.InvalidDeclarationException;
import io.github.contextvars.spring.work.ThreadLocalPropagation;
import io.github.contextvars.spring.work.WorkConfiguration;

/**
 * {@link Configuration @Configuration} that propagates {@link ThreadLocal}s of other
 * libraries with contexts. Needs a bean of type {@link Settings} and Micrometer's context
 * propagation.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import(WorkConfiguration.class)
public final class ContextThreadLocalConfiguration {

	@Bean
	static ThreadLocalPropagation contextVarsThreadLocalPropagation(Settings settings,
			ConfigurableBeanFactory beanFactory) {
		if (!ClassUtils.isPresent("io.micrometer.context.ContextRegistry", beanFactory.getBeanClassLoader())) {
			throw new InvalidDeclarationException(
					"'contextvars.thread-locals' is set, and Micrometer's context propagation is not on the class path",
					"Add io.micrometer:context-propagation.");
		}
		return new AccessorPropagation(settings.names());
	}

	/**
	 * Settings for this configuration.
	 *
	 * @param names which {@link ThreadLocal}s propagate: {@code security}, {@code mdc},
	 * {@code locale}, {@code observation}, {@code request}, keys of accessors that are
	 * registered with Micrometer's {@code ContextRegistry}, or {@code *} for all
	 * @since 0.1.0
	 */
	public record Settings(Set<String> names) {

		public Settings {
			names = Set.copyOf(names);
		}

	}

}

package io.github.contextvars.spring.scoped;

import java.util.function.Supplier;
import java.util.stream.Stream;

import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Role;
import org.springframework.core.Ordered;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.AdvisorConfiguration;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} for
 * {@link io.github.contextvars.spring.annotation.ContextScoped @ContextScoped}. Works
 * with AspectJ's weaver on the class path and without.
 *
 * @since 0.1.0
 */
// Advisors are created before bean post-processors, and this class with its advisor.
@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
@Configuration(proxyBeanMethods = false)
@Import({ ContextVariableConfiguration.class, WorkConfiguration.class, AdvisorConfiguration.class })
public final class ContextScopedConfiguration {

	// Inside of security's advice, outside of that of transactions.
	private static final int ORDER = Ordered.LOWEST_PRECEDENCE - 1000;

	@Bean(defaultCandidate = false)
	@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
	DefaultPointcutAdvisor contextVarsScopedAdvisor(ObjectProvider<WorkRegistry> workRegistry,
			ObjectProvider<ContextVariableRegistry> variables, ConfigurableListableBeanFactory beanFactory) {
		ContextScopedPointcut pointcut = new ContextScopedPointcut();
		Supplier<ContextVariableRegistry> declared = SingletonSupplier.of(variables::getObject);
		DefaultPointcutAdvisor advisor = new DefaultPointcutAdvisor(pointcut, new ContextScopedInterceptor(pointcut,
				SingletonSupplier.of(workRegistry::getObject), declared, beanFactory));
		advisor.setOrder(ORDER);
		return advisor;
	}

	@Bean
	ContextScopedValidator contextVarsScopedValidator(ConfigurableListableBeanFactory beanFactory,
			@Qualifier("contextVarsScopedAdvisor") DefaultPointcutAdvisor advisor,
			ObjectProvider<ContextVariableRegistry> variables) {
		return new ContextScopedValidator(beanFactory, (ContextScopedPointcut) advisor.getPointcut(),
				SingletonSupplier.of(variables::getObject));
	}

	@Bean
	PropagationSource contextVarsScopedPropagation() {
		return () -> Stream.of(PropagationSource.Entry.propagating("@ContextScoped methods", "scoped",
				ContextScopedInterceptor.class, "advice"));
	}

}

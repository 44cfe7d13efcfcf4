package io.github.contextvars.spring.boot.startup;

import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Role;
import org.springframework.core.Ordered;
import org.springframework.util.ClassUtils;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.registry.BeanTypes;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.AdvisorConfiguration;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} for the start of an application: each runner, and
 * each listener of the {@link ApplicationReadyEvent}, runs in a fresh context, and one
 * line of the log says what propagates.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import(AdvisorConfiguration.class)
public final class ContextStartupConfiguration {

	@Bean
	ContextVarsStartupLogger contextVarsStartupLogger(ApplicationContext applicationContext,
			ContextVariableRegistry variables, ObjectProvider<PropagationSource> propagation) {
		return new ContextVarsStartupLogger(applicationContext, variables, propagation);
	}

	@Bean
	static ReadyEventListenerFactory contextVarsReadyEventListenerFactory(ObjectProvider<WorkRegistry> workRegistry) {
		return new ReadyEventListenerFactory(SingletonSupplier.of(workRegistry::getObject));
	}

	@Bean(defaultCandidate = false)
	@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
	static DefaultPointcutAdvisor contextVarsStartupAdvisor(ObjectProvider<WorkRegistry> workRegistry,
			ConfigurableListableBeanFactory beanFactory) {
		Supplier<WorkRegistry> registry = SingletonSupplier.of(workRegistry::getObject);
		DefaultPointcutAdvisor advisor = new DefaultPointcutAdvisor(
				new StartupWorkPointcut(AdvisorConfiguration.proxiesTargetClass(beanFactory)),
				(MethodInterceptor) (invocation) -> invoke(invocation, registry.get()));
		advisor.setOrder(Ordered.HIGHEST_PRECEDENCE);
		return advisor;
	}

	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	private static @Nullable Object invoke(MethodInvocation invocation, WorkRegistry registry) throws Throwable {
		@Nullable Object[] arguments = invocation.getArguments();
		if (arguments[0] instanceof ApplicationEvent && !(arguments[0] instanceof ApplicationReadyEvent)) {
			return invocation.proceed();
		}
		Class<?> type = Objects.requireNonNull(invocation.getThis()).getClass();
		UnitOfWork unit = registry.create(UnitOfWork.Kind.RUNNER,
				() -> ClassUtils.getUserClass(type).getSimpleName() + "." + invocation.getMethod().getName());
		return registry.<@Nullable Object, Throwable>call(unit, invocation::proceed);
	}

	@Bean
	PropagationSource contextVarsRunnerPropagation(ConfigurableListableBeanFactory beanFactory,
			@Qualifier("contextVarsStartupAdvisor") DefaultPointcutAdvisor advisor) {
		return () -> Stream.<Class<?>>of(ApplicationRunner.class, CommandLineRunner.class)
			.flatMap((runner) -> Stream.of(beanFactory.getBeanNamesForType(runner, false, false)))
			.distinct()
			.map((name) -> entry(name, beanFactory, (StartupWorkPointcut) advisor.getPointcut()));
	}

	private static PropagationSource.Entry entry(String name, ConfigurableListableBeanFactory beanFactory,
			StartupWorkPointcut pointcut) {
		Class<?> type = Objects.requireNonNullElse(BeanTypes.typeOf(beanFactory, name), Object.class);
		Object bean = beanFactory.containsSingleton(name) ? beanFactory.getSingleton(name) : null;
		String obstacle = pointcut.obstacle(type);
		if (obstacle == null && (bean == null || AopUtils.isAopProxy(bean))) {
			return PropagationSource.Entry.propagating(name, "runner", type, "proxy");
		}
		return PropagationSource.Entry.notPropagating(name, "runner", type,
				(obstacle != null) ? "it cannot be proxied, as it has " + obstacle
						: "it was created too early to be proxied, for example by a bean post-processor",
				"Run its body in new Context().run(...), or declare it as a lambda.");
	}

	/**
	 * {@link Configuration @Configuration} for Hibernate's multi-tenancy.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(name = { OpenInViewTenantCheck.RESOLVER, OpenInViewTenantCheck.INTERCEPTOR })
	static final class Hibernate {

		@Bean
		OpenInViewTenantCheck contextVarsOpenInViewTenantCheck(ApplicationContext applicationContext) {
			return new OpenInViewTenantCheck(applicationContext);
		}

	}

}

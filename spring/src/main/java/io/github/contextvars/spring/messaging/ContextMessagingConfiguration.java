package io.github.contextvars.spring.messaging;

import java.lang.reflect.Method;
import java.util.function.Supplier;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
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

import io.github.contextvars.spring.work.AdvisorConfiguration;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} that begins each message of a listener with a
 * context of its own.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import({ WorkConfiguration.class, AdvisorConfiguration.class, FromContextConfiguration.class,
		KafkaContextConfiguration.class })
public final class ContextMessagingConfiguration {

	@Bean(defaultCandidate = false)
	@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
	static DefaultPointcutAdvisor contextVarsMessageListenerAdvisor(ObjectProvider<WorkRegistry> workRegistry,
			ConfigurableListableBeanFactory beanFactory) {
		Supplier<WorkRegistry> registry = SingletonSupplier.of(workRegistry::getObject);
		DefaultPointcutAdvisor advisor = new DefaultPointcutAdvisor(
				new MessageListenerPointcut(AdvisorConfiguration.proxiesTargetClass(beanFactory)),
				(MethodInterceptor) (invocation) -> invoke(invocation, registry.get()));
		advisor.setOrder(Ordered.HIGHEST_PRECEDENCE);
		return advisor;
	}

	@Bean
	PropagationSource contextVarsMessageListenerPropagation(
			@Qualifier("contextVarsMessageListenerAdvisor") DefaultPointcutAdvisor advisor) {
		return (MessageListenerPointcut) advisor.getPointcut();
	}

	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	private static @Nullable Object invoke(MethodInvocation invocation, WorkRegistry registry) throws Throwable {
		Method method = invocation.getMethod();
		UnitOfWork message = registry.create(UnitOfWork.Kind.MESSAGE,
				() -> method.getDeclaringClass().getSimpleName() + "." + method.getName());
		return registry.<@Nullable Object, Throwable>call(message, invocation::proceed);
	}

}

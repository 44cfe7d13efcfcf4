package io.github.contextvars.spring.scoped;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.Supplier;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.util.ClassUtils;

import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link MethodInterceptor} that runs {@link ContextScoped} methods in a copy of their
 * caller's context.
 */
final class ContextScopedInterceptor implements MethodInterceptor {

	private final ContextScopedPointcut pointcut;

	private final Supplier<WorkRegistry> workRegistry;

	private final ScopeSettings settings;

	/**
	 * Create an interceptor. The suppliers are asked at the first call, as advice is
	 * created before most beans.
	 * @param pointcut finds the annotations
	 * @param workRegistry enters the contexts
	 * @param variables what settings can name
	 * @param beanFactory the beans that settings can name
	 */
	ContextScopedInterceptor(ContextScopedPointcut pointcut, Supplier<WorkRegistry> workRegistry,
			Supplier<ContextVariableRegistry> variables, BeanFactory beanFactory) {
		this.pointcut = pointcut;
		this.workRegistry = workRegistry;
		this.settings = new ScopeSettings(variables, beanFactory);
	}

	@Override
	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
		Method method = invocation.getMethod();
		Class<?> target = (invocation.getThis() != null) ? invocation.getThis().getClass() : method.getDeclaringClass();
		// A proxy's class knows less than the interface: nothing of names and type
		// variables.
		Method specific = Proxy.isProxyClass(target) ? method : AopUtils.getMostSpecificMethod(method, target);
		ContextScoped scoped = this.pointcut.find(method, target);
		Runnable assignments = (scoped != null && scoped.set().length > 0)
				? this.settings.evaluate(scoped, specific, invocation.getThis(), invocation.getArguments()) : null;
		WorkRegistry registry = this.workRegistry.get();
		Supplier<String> origin = () -> ClassUtils.getUserClass(target).getSimpleName() + "." + method.getName();
		UnitOfWork scope = registry.createScoped(origin, scoped != null && scoped.fresh());
		return registry.<@Nullable Object, Throwable>call(scope, () -> {
			if (assignments != null) {
				assignments.run();
			}
			return AsyncReturnValues.isSuspendingPublisher(method)
					? SuspendingScope.proceed(invocation, scope, registry)
					: AsyncReturnValues.keepOpen(invocation.proceed(), specific.getReturnType(), scope, registry);
		});
	}

}

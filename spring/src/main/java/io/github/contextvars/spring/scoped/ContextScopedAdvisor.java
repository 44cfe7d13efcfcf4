package io.github.contextvars.spring.scoped;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.Supplier;

import org.aopalliance.aop.Advice;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.Pointcut;
import org.springframework.aop.PointcutAdvisor;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.core.Ordered;
import org.springframework.util.ClassUtils;

import io.github.contextvars.Context;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Puts the advice behind {@link ContextScoped} around the methods that have it. Inside of
 * security checks, outside of transactions and of whatever has the lowest precedence.
 */
public final class ContextScopedAdvisor implements PointcutAdvisor, Ordered {

	private final ContextScopedPointcut methods = new ContextScopedPointcut();

	private final Advice advice = (MethodInterceptor) this::invoke;

	private final Supplier<WorkRegistry> liveContexts;

	private final ScopeSettings settings;

	/**
	 * Create an advisor. The suppliers are asked at the first call, as advisors are
	 * created before most beans.
	 * @param liveContexts what enters the contexts
	 * @param variables what settings can name
	 * @param beanFactory the beans that settings can name
	 */
	public ContextScopedAdvisor(Supplier<WorkRegistry> liveContexts, Supplier<ContextVariableRegistry> variables,
			BeanFactory beanFactory) {
		this.liveContexts = liveContexts;
		this.settings = new ScopeSettings(variables, beanFactory);
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE - 1000;
	}

	@Override
	public Pointcut getPointcut() {
		return this.methods;
	}

	ContextScopedPointcut methods() {
		return this.methods;
	}

	@Override
	public Advice getAdvice() {
		return this.advice;
	}

	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	private @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
		Method method = invocation.getMethod();
		Class<?> target = (invocation.getThis() != null) ? invocation.getThis().getClass() : method.getDeclaringClass();
		// A proxy's class knows less than the interface: nothing of names and type
		// variables.
		Method specific = Proxy.isProxyClass(target) ? method : AopUtils.getMostSpecificMethod(method, target);
		ContextScoped scoped = this.methods.find(method, target);
		Context context = (scoped != null && scoped.fresh()) ? new Context() : Context.copyOfCurrent();
		Runnable assignments = (scoped != null && scoped.set().length > 0)
				? this.settings.evaluate(scoped, specific, invocation.getThis(), invocation.getArguments()) : null;
		WorkRegistry live = this.liveContexts.get();
		UnitOfWork work = live.begin(UnitOfWork.Kind.SCOPED,
				() -> ClassUtils.getUserClass(target).getSimpleName() + "." + method.getName(), live.currentId(),
				context);
		return live.<@Nullable Object, Throwable>call(work, () -> {
			if (assignments != null) {
				assignments.run();
			}
			return AsyncReturnValues.hold(invocation.proceed(), specific.getReturnType(), work, live);
		});
	}

}

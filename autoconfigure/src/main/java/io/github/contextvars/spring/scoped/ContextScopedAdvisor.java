package io.github.contextvars.spring.scoped;

import java.lang.reflect.Method;
import java.util.function.Supplier;

import org.aopalliance.aop.Advice;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.Pointcut;
import org.springframework.aop.PointcutAdvisor;
import org.springframework.core.Ordered;
import org.springframework.util.ClassUtils;

import io.github.contextvars.Context;
import io.github.contextvars.spring.live.LiveContext;
import io.github.contextvars.spring.live.LiveContexts;

/**
 * Puts the advice behind {@link ContextScoped} around the methods that have it. Inside of
 * security checks, outside of transactions and of whatever has the lowest precedence.
 */
public final class ContextScopedAdvisor implements PointcutAdvisor, Ordered {

	private final ScopedMethods methods = new ScopedMethods();

	private final Advice advice = (MethodInterceptor) this::invoke;

	private final Supplier<LiveContexts> liveContexts;

	/**
	 * Create an advisor.
	 * @param liveContexts what enters the contexts; asked for at the first call, as
	 * advisors are created before most beans
	 */
	public ContextScopedAdvisor(Supplier<LiveContexts> liveContexts) {
		this.liveContexts = liveContexts;
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE - 1000;
	}

	@Override
	public Pointcut getPointcut() {
		return this.methods;
	}

	@Override
	public Advice getAdvice() {
		return this.advice;
	}

	@SuppressWarnings("NullAway") // the compiler of JDK 17 doesn't know of nullable type
									// arguments
	private @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
		Method method = invocation.getMethod();
		Class<?> target = (invocation.getThis() != null) ? invocation.getThis().getClass() : method.getDeclaringClass();
		ContextScoped scoped = this.methods.find(method, target);
		Context context = (scoped != null && scoped.fresh()) ? new Context() : Context.copyOfCurrent();
		LiveContexts live = this.liveContexts.get();
		LiveContext work = live.begin(LiveContext.Kind.SCOPED,
				() -> ClassUtils.getUserClass(target).getSimpleName() + "." + method.getName(), live.currentId(),
				context);
		return live.<@Nullable Object, Throwable>call(work,
				() -> UnfinishedResults.hold(invocation.proceed(), work, live));
	}

}

package io.github.contextvars.spring.task;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.function.Supplier;

import org.aopalliance.aop.Advice;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.Pointcut;
import org.springframework.aop.PointcutAdvisor;
import org.springframework.aop.support.StaticMethodMatcherPointcut;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.scheduling.annotation.Async;

import io.github.contextvars.spring.live.LiveContext;
import io.github.contextvars.spring.live.LiveContexts;

/**
 * Names the task that runs an {@code @Async} method after that method. Spring puts its
 * own advice before all others, so this one runs on the worker thread.
 */
public final class AsyncOriginAdvisor implements PointcutAdvisor {

	private final Pointcut pointcut = new AsyncMethods();

	private final Advice advice = (MethodInterceptor) this::invoke;

	private final Supplier<LiveContexts> liveContexts;

	/**
	 * Create an advisor.
	 * @param liveContexts knows the task that runs; asked for at the first call, as
	 * advisors are created before most beans
	 */
	public AsyncOriginAdvisor(Supplier<LiveContexts> liveContexts) {
		this.liveContexts = liveContexts;
	}

	@Override
	public Pointcut getPointcut() {
		return this.pointcut;
	}

	@Override
	public Advice getAdvice() {
		return this.advice;
	}

	private @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
		LiveContext current = this.liveContexts.get().current();
		if (current != null && current.kind() == LiveContext.Kind.TASK) {
			Method method = invocation.getMethod();
			current.nameOrigin(() -> method.getDeclaringClass().getSimpleName() + "." + method.getName());
		}
		return invocation.proceed();
	}

	private static final class AsyncMethods extends StaticMethodMatcherPointcut {

		@Override
		public boolean matches(Method method, Class<?> targetClass) {
			// A proxy of a final class would stop the application from starting.
			return !Modifier.isFinal(targetClass.getModifiers())
					&& (AnnotatedElementUtils.hasAnnotation(method, Async.class)
							|| AnnotatedElementUtils.hasAnnotation(targetClass, Async.class));
		}

	}

}

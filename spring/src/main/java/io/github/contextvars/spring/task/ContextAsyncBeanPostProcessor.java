package io.github.contextvars.spring.task;

import java.util.function.Supplier;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.Advisor;
import org.springframework.aop.PointcutAdvisor;
import org.springframework.aop.ProxyMethodInvocation;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.interceptor.AsyncExecutionInterceptor;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.beans.factory.config.BeanPostProcessor;

import io.github.contextvars.Context;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Carries the caller's context into {@code @Async} methods, whichever executor they run
 * on: where an application has an {@code Executor} bean that {@code @Async} doesn't take,
 * or an {@code AsyncConfigurer}, that is one that nobody else sees.
 * <p>
 * Spring's advice hands the rest of the method's advice chain over to another thread.
 * Ours stands on both sides of it: outside it captures, inside it enters.
 */
// Not ordered, and so behind the post-processor that makes methods asynchronous.
public final class ContextAsyncBeanPostProcessor implements BeanPostProcessor {

	private static final String CAPTURED = ContextAsyncBeanPostProcessor.class.getName() + ".CAPTURED";

	private final Supplier<WorkRegistry> liveContexts;

	/**
	 * Create a post-processor.
	 * @param liveContexts what enters the contexts; asked for at the first call, as
	 * post-processors are created before most beans
	 */
	public ContextAsyncBeanPostProcessor(Supplier<WorkRegistry> liveContexts) {
		this.liveContexts = liveContexts;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof Advised advised && !advised.isFrozen()) {
			Advisor[] advisors = advised.getAdvisors();
			for (int i = advisors.length - 1; i >= 0; i--) {
				if (advisors[i].getAdvice() instanceof AsyncExecutionInterceptor
						&& advisors[i] instanceof PointcutAdvisor async) {
					advised.addAdvisor(i + 1,
							new DefaultPointcutAdvisor(async.getPointcut(), (MethodInterceptor) this::enter));
					advised.addAdvisor(i,
							new DefaultPointcutAdvisor(async.getPointcut(), (MethodInterceptor) this::capture));
				}
			}
		}
		return bean;
	}

	private @Nullable Object capture(MethodInvocation invocation) throws Throwable {
		if (invocation instanceof ProxyMethodInvocation call) {
			call.setUserAttribute(CAPTURED, new Captured(Context.copyOfCurrent(), this.liveContexts.get().currentId()));
		}
		return invocation.proceed();
	}

	private @Nullable Object enter(MethodInvocation invocation) throws Throwable {
		if (invocation instanceof ProxyMethodInvocation call
				&& call.getUserAttribute(CAPTURED) instanceof Captured captured) {
			String origin = invocation.getMethod().getDeclaringClass().getSimpleName() + "."
					+ invocation.getMethod().getName();
			try (Context.Scope scope = this.liveContexts.get()
				.enterTask(() -> origin, captured.parent(), captured.values().copy())) {
				return invocation.proceed();
			}
		}
		return invocation.proceed();
	}

	private record Captured(Context values, @Nullable Long parent) {

	}

}

package io.github.contextvars.spring.task;

import java.lang.reflect.Field;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.Supplier;

import org.springframework.aop.Advisor;
import org.springframework.aop.PointcutAdvisor;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.interceptor.AsyncExecutionInterceptor;
import org.springframework.aop.interceptor.AsyncUncaughtExceptionHandler;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.scheduling.annotation.AsyncAnnotationBeanPostProcessor;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Bean post-processor that propagates the caller's context to {@code @Async} methods on
 * any executor, also on one that is no bean, such as that of an {@code AsyncConfigurer}.
 * <p>
 * Puts a {@link ContextAsyncInterceptor} in the place of Spring's advice. The handler of
 * uncaught exceptions is called in the context that the method has left.
 *
 * @see AsyncAnnotationBeanPostProcessor
 */
// Not ordered, and so behind the post-processor that makes methods asynchronous.
final class ContextAsyncBeanPostProcessor implements BeanPostProcessor {

	static final String EXCEPTION_HANDLER = "exceptionHandler";

	private final Supplier<WorkRegistry> workRegistry;

	private final Set<AsyncExecutionInterceptor> interceptors = Collections
		.newSetFromMap(Collections.synchronizedMap(new IdentityHashMap<>()));

	/**
	 * Create a post-processor.
	 * @param workRegistry captures the contexts; asked for at the first call, as
	 * post-processors are created before most beans
	 */
	ContextAsyncBeanPostProcessor(Supplier<WorkRegistry> workRegistry) {
		this.workRegistry = workRegistry;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof Advised advised && !advised.isFrozen()) {
			Advisor[] advisors = advised.getAdvisors();
			for (int i = advisors.length - 1; i >= 0; i--) {
				if (advisors[i].getAdvice() instanceof AsyncExecutionInterceptor interceptor
						&& advisors[i] instanceof PointcutAdvisor async) {
					propagateToExceptionHandler(interceptor);
					advised.replaceAdvisor(async, new DefaultPointcutAdvisor(async.getPointcut(),
							new ContextAsyncInterceptor(interceptor, this.workRegistry)));
				}
			}
		}
		return bean;
	}

	// All beans share one interceptor, as a rule. The handler may be a bean, and is not
	// asked for before there is an exception.
	private void propagateToExceptionHandler(AsyncExecutionInterceptor interceptor) {
		Field field = ReflectionUtils.findField(AsyncExecutionInterceptor.class, EXCEPTION_HANDLER);
		if (field == null || !this.interceptors.add(interceptor)) {
			return;
		}
		ReflectionUtils.makeAccessible(field);
		if (ReflectionUtils.getField(field, interceptor) instanceof Supplier<?> present) {
			interceptor.setExceptionHandler((ex, method, arguments) -> AsyncInvocation.handleError(() -> {
				if (present.get() instanceof AsyncUncaughtExceptionHandler handler) {
					handler.handleUncaughtException(ex, method, arguments);
				}
			}));
		}
	}

}

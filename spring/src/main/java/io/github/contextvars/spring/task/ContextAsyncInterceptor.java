package io.github.contextvars.spring.task;

import java.lang.reflect.Method;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.interceptor.AsyncExecutionAspectSupport;
import org.springframework.aop.interceptor.AsyncExecutionInterceptor;
import org.springframework.aop.support.AopUtils;
import org.springframework.core.BridgeMethodResolver;
import org.springframework.core.MethodClassKey;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.ContextFuture;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * {@link MethodInterceptor} around Spring's advice for {@code @Async} methods, which
 * submits the rest of the method's advice chain to another thread: captures the context,
 * and has Spring's advice submit an invocation that enters it first. The caller of a
 * method that returns a {@link ContextFuture} gets one.
 *
 * @see AsyncInvocation
 */
final class ContextAsyncInterceptor implements MethodInterceptor {

	/**
	 * Method of {@link AsyncExecutionAspectSupport}.
	 */
	static final String EXECUTOR_OF_METHOD = "determineAsyncExecutor";

	// Of these very classes, nothing is between the advice and the decorator.
	private static final Set<Class<?>> DIRECT = Set.of(ThreadPoolTaskExecutor.class, SimpleAsyncTaskExecutor.class);

	private static final @Nullable Method DETERMINE = executorOfMethod();

	private final AsyncExecutionInterceptor interceptor;

	private final Supplier<WorkRegistry> workRegistry;

	private final Map<MethodClassKey, Boolean> direct = new ConcurrentHashMap<>();

	ContextAsyncInterceptor(AsyncExecutionInterceptor interceptor, Supplier<WorkRegistry> workRegistry) {
		this.interceptor = interceptor;
		this.workRegistry = workRegistry;
	}

	@Override
	public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
		Method method = invocation.getMethod();
		WorkRegistry registry = this.workRegistry.get();
		WorkSnapshot snapshot = registry.capture(UnitOfWork.Kind.TASK,
				() -> method.getDeclaringClass().getSimpleName() + "." + method.getName());
		Object result = new AsyncInvocation(invocation, registry, snapshot, isDirect(invocation))
			.submit(this.interceptor);
		// Of all futures, Spring makes the JDK's own.
		return (result instanceof CompletableFuture<?> future && method.getReturnType() == ContextFuture.class)
				? ContextFuture.from(future) : result;
	}

	private boolean isDirect(MethodInvocation invocation) {
		Object target = invocation.getThis();
		Class<?> type = (target != null) ? AopUtils.getTargetClass(target) : null;
		MethodClassKey key = new MethodClassKey(invocation.getMethod(), type);
		Boolean known = this.direct.get(key);
		if (known == null) {
			known = isDirect(BridgeMethodResolver.getMostSpecificMethod(invocation.getMethod(), type));
			this.direct.put(key, known);
		}
		return known;
	}

	// Spring's advice asks for the executor of each method once, and keeps it.
	private boolean isDirect(Method method) {
		Object executor = (DETERMINE != null) ? ReflectionUtils.invokeMethod(DETERMINE, this.interceptor, method)
				: null;
		return executor != null && DIRECT.contains(executor.getClass());
	}

	private static @Nullable Method executorOfMethod() {
		Method method = ReflectionUtils.findMethod(AsyncExecutionAspectSupport.class, EXECUTOR_OF_METHOD, Method.class);
		if (method != null) {
			ReflectionUtils.makeAccessible(method);
		}
		return method;
	}

}

package io.github.contextvars.spring.task;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

/**
 * Decorates the tasks that an executor or a scheduler is handed, as they are handed over.
 */
final class TaskSubmissionInterceptor implements MethodInterceptor {

	private static final Set<String> HAND_OVER = Set.of("execute", "submit", "submitCompletable", "submitWithTimeout",
			"invokeAll", "invokeAllUninterruptibly", "invokeAny", "schedule", "scheduleAtFixedRate",
			"scheduleWithFixedDelay");

	private final Supplier<ContextTaskDecorator> decorator;

	TaskSubmissionInterceptor(Supplier<ContextTaskDecorator> decorator) {
		this.decorator = decorator;
	}

	static boolean isHandOver(Method method) {
		return HAND_OVER.contains(method.getName());
	}

	@Override
	public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
		if (isHandOver(invocation.getMethod())) {
			Class<?>[] types = invocation.getMethod().getParameterTypes();
			@Nullable Object[] arguments = invocation.getArguments();
			for (int i = 0; i < types.length; i++) {
				arguments[i] = carried(types[i], arguments[i]);
			}
		}
		return invocation.proceed();
	}

	// What is not as it should be is left for the executor to complain about.
	private @Nullable Object carried(Class<?> type, @Nullable Object argument) {
		if (type == Runnable.class && argument instanceof Runnable task) {
			return this.decorator.get().decorate(task);
		}
		if (type == Callable.class && argument instanceof Callable<?> task) {
			return this.decorator.get().decorateCallable(task);
		}
		if (type == Collection.class && argument instanceof Collection<?> tasks) {
			List<@Nullable Object> carried = new ArrayList<>(tasks.size());
			tasks.forEach((task) -> carried.add(carried(Callable.class, task)));
			return carried;
		}
		return argument;
	}

}

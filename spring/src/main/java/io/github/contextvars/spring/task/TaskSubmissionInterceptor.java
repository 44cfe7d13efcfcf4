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
 * {@link MethodInterceptor} that decorates the tasks that are submitted to an executor or
 * a scheduler.
 */
final class TaskSubmissionInterceptor implements MethodInterceptor {

	private static final Set<String> SUBMISSIONS = Set.of("execute", "submit", "submitCompletable", "submitWithTimeout",
			"invokeAll", "invokeAllUninterruptibly", "invokeAny", "schedule", "scheduleAtFixedRate",
			"scheduleWithFixedDelay");

	private final Supplier<ContextTaskDecorator> decorator;

	TaskSubmissionInterceptor(Supplier<ContextTaskDecorator> decorator) {
		this.decorator = decorator;
	}

	static boolean isSubmission(Method method) {
		return SUBMISSIONS.contains(method.getName());
	}

	@Override
	public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
		if (isSubmission(invocation.getMethod())) {
			Class<?>[] types = invocation.getMethod().getParameterTypes();
			@Nullable Object[] arguments = invocation.getArguments();
			for (int i = 0; i < types.length; i++) {
				arguments[i] = decorated(types[i], arguments[i]);
			}
		}
		return invocation.proceed();
	}

	// Invalid arguments are left for the executor to reject.
	private @Nullable Object decorated(Class<?> type, @Nullable Object argument) {
		if (type == Runnable.class && argument instanceof Runnable task) {
			return this.decorator.get().decorate(task);
		}
		if (type == Callable.class && argument instanceof Callable<?> task) {
			return this.decorator.get().decorateCallable(task);
		}
		if (type == Collection.class && argument instanceof Collection<?> tasks) {
			List<@Nullable Object> decorated = new ArrayList<>(tasks.size());
			tasks.forEach((task) -> decorated.add(decorated(Callable.class, task)));
			return decorated;
		}
		return argument;
	}

}

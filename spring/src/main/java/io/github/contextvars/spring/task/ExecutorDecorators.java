package io.github.contextvars.spring.task;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.core.task.support.CompositeTaskDecorator;
import org.springframework.core.task.support.TaskExecutorAdapter;
import org.springframework.scheduling.concurrent.ConcurrentTaskExecutor;
import org.springframework.scheduling.concurrent.ConcurrentTaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.util.ReflectionUtils;

/**
 * Access to the task decorators of Spring's own executors and schedulers, to add one
 * inside of them, to look for it, or to remove the library's.
 */
final class ExecutorDecorators {

	/**
	 * The types that decorate a task when it is submitted.
	 * {@code ThreadPoolTaskScheduler} decorates each run of a trigger inside the run
	 * before it, {@code SimpleAsyncTaskScheduler} on a thread of its own.
	 */
	static final Set<Class<?>> DECORATABLE = Set.of(ThreadPoolTaskExecutor.class, SimpleAsyncTaskExecutor.class,
			ConcurrentTaskExecutor.class, ConcurrentTaskScheduler.class, TaskExecutorAdapter.class);

	private static final Set<String> REWRITABLE = Set.of("initializeExecutor", "doExecute");

	private ExecutorDecorators() {
	}

	/**
	 * Decorate an executor's tasks, inside of what decorates them already.
	 * @param executor any executor
	 * @param decorator what to decorate with
	 * @return whether the executor calls the decorator
	 */
	static boolean add(Object executor, TaskDecorator decorator) {
		if (!isDecorated(executor.getClass())) {
			return false;
		}
		TaskDecorator users = decoratorOf(executor);
		// Spring Boot has given its own executors the library's decorator.
		setDecorator(executor, (users == null || users instanceof ContextTaskDecorator) ? decorator
				: new CompositeTaskDecorator(List.of(users, decorator)));
		return isDecoratedBy(executor, decorator);
	}

	/**
	 * Return whether an executor's tasks are decorated by a certain decorator.
	 * @param executor any executor
	 * @param decorator the decorator
	 * @return whether it is the executor's, or one of the executor's
	 */
	static boolean isDecoratedBy(Object executor, TaskDecorator decorator) {
		TaskDecorator present = decoratorOf(executor);
		return present != null && contains(present, decorator);
	}

	/**
	 * Remove the library's decorator from those that Spring Boot has set.
	 * @param executor any executor
	 */
	static void removeContextDecorator(Object executor) {
		TaskDecorator present = decoratorOf(executor);
		if (present != null) {
			setDecorator(executor, without(present));
		}
	}

	/**
	 * Return whether executors of a type decorate their tasks when they are submitted.
	 * @param type the executors' class
	 * @return whether they do; not if the class has methods of its own that submit
	 */
	static boolean isDecorated(Class<?> type) {
		Class<?> one = type;
		for (; one != null && !DECORATABLE.contains(one); one = one.getSuperclass()) {
			for (Method method : one.getDeclaredMethods()) {
				if (REWRITABLE.contains(method.getName()) || TaskSubmissionInterceptor.isSubmission(method)) {
					return false;
				}
			}
		}
		return one != null;
	}

	// A proxy, such as that of a scoped bean, has the methods but not the field.
	private static @Nullable Field decoratorField(Object executor) {
		return (DECORATABLE.stream().anyMatch((type) -> type.isInstance(executor)) && !AopUtils.isAopProxy(executor))
				? ReflectionUtils.findField(executor.getClass(), "taskDecorator", TaskDecorator.class) : null;
	}

	// There is a setter only: without the field, the user's own decorator would be lost.
	private static @Nullable TaskDecorator decoratorOf(Object executor) {
		Field field = decoratorField(executor);
		return (field != null) ? (TaskDecorator) valueOf(field, executor) : null;
	}

	private static boolean contains(TaskDecorator present, TaskDecorator decorator) {
		return present == decorator || decoratorsIn(present).stream().anyMatch((one) -> contains(one, decorator));
	}

	private static List<TaskDecorator> decoratorsIn(TaskDecorator decorator) {
		Field field = ReflectionUtils.findField(decorator.getClass(), "taskDecorators");
		if (!(decorator instanceof CompositeTaskDecorator) || field == null
				|| !(valueOf(field, decorator) instanceof List<?> all)) {
			return List.of();
		}
		return all.stream().map(TaskDecorator.class::cast).toList();
	}

	private static @Nullable Object valueOf(Field field, Object owner) {
		ReflectionUtils.makeAccessible(field);
		return ReflectionUtils.getField(field, owner);
	}

	private static TaskDecorator without(TaskDecorator decorator) {
		if (decorator instanceof ContextTaskDecorator) {
			return (task) -> task;
		}
		List<TaskDecorator> all = decoratorsIn(decorator);
		return all.isEmpty() ? decorator
				: new CompositeTaskDecorator(all.stream().map(ExecutorDecorators::without).toList());
	}

	private static void setDecorator(Object executor, TaskDecorator decorator) {
		if (decoratorField(executor) == null) {
			return;
		}
		if (executor instanceof ThreadPoolTaskExecutor pool) {
			pool.setTaskDecorator(decorator);
		}
		else if (executor instanceof SimpleAsyncTaskExecutor simple) {
			simple.setTaskDecorator(decorator);
		}
		else if (executor instanceof ConcurrentTaskExecutor concurrent) {
			concurrent.setTaskDecorator(decorator);
		}
		else if (executor instanceof TaskExecutorAdapter adapter) {
			adapter.setTaskDecorator(decorator);
		}
	}

}

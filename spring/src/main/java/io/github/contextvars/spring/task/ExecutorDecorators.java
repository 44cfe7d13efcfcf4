package io.github.contextvars.spring.task;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.core.task.support.CompositeTaskDecorator;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.concurrent.ConcurrentTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.util.ReflectionUtils;

/**
 * Access to the task decorators of Spring's own task executors, to add one inside of them
 * or to remove the library's.
 */
final class ExecutorDecorators {

	static final Set<Class<?>> DECORATABLE = Set.of(ThreadPoolTaskExecutor.class, SimpleAsyncTaskExecutor.class,
			ConcurrentTaskExecutor.class);

	private static final Set<String> REWRITABLE = Set.of("initializeExecutor", "doExecute");

	private ExecutorDecorators() {
	}

	/**
	 * Decorate an executor's tasks, inside of what decorates them already.
	 * @param executor any executor
	 * @param decorator what to decorate with
	 * @return whether the executor calls decorators
	 */
	static boolean add(Object executor, TaskDecorator decorator) {
		// A proxy, such as that of a scoped bean, has the methods but not the field.
		Field field = (isDecorated(executor.getClass()) && !AopUtils.isAopProxy(executor)) ? decoratorField(executor)
				: null;
		if (field == null) {
			return false;
		}
		TaskDecorator users = (TaskDecorator) ReflectionUtils.getField(field, executor);
		setDecorator(executor, (users != null) ? new CompositeTaskDecorator(List.of(users, decorator)) : decorator);
		return true;
	}

	/**
	 * Remove the library's decorator from those that Spring Boot has set.
	 * @param executor any executor
	 */
	static void removeContextDecorator(Object executor) {
		Field field = isDecoratable(executor.getClass()) ? decoratorField(executor) : null;
		if (field != null && ReflectionUtils.getField(field, executor) instanceof TaskDecorator present) {
			setDecorator(executor, without(present));
		}
	}

	static boolean isDecorated(Class<?> type) {
		return isDecoratable(type) && !TaskScheduler.class.isAssignableFrom(type);
	}

	private static boolean isDecoratable(Class<?> type) {
		return DECORATABLE.stream().anyMatch((decoratable) -> decoratable.isAssignableFrom(type)) && !isRewritten(type);
	}

	// A subclass that makes its own pool asks no decorator.
	private static boolean isRewritten(Class<?> type) {
		for (Class<?> one = type; !one.getName().startsWith("org.springframework."); one = one.getSuperclass()) {
			for (Method method : one.getDeclaredMethods()) {
				if (REWRITABLE.contains(method.getName())) {
					return true;
				}
			}
		}
		return false;
	}

	private static TaskDecorator without(TaskDecorator decorator) {
		if (decorator instanceof ContextTaskDecorator) {
			return (task) -> task;
		}
		Field field = ReflectionUtils.findField(decorator.getClass(), "taskDecorators");
		if (!(decorator instanceof CompositeTaskDecorator) || field == null) {
			return decorator;
		}
		ReflectionUtils.makeAccessible(field);
		List<TaskDecorator> others = new ArrayList<>();
		if (ReflectionUtils.getField(field, decorator) instanceof List<?> all) {
			all.forEach((one) -> others.add(without((TaskDecorator) one)));
		}
		return new CompositeTaskDecorator(others);
	}

	private static void setDecorator(Object executor, TaskDecorator decorator) {
		if (executor instanceof ThreadPoolTaskExecutor pool) {
			pool.setTaskDecorator(decorator);
		}
		else if (executor instanceof SimpleAsyncTaskExecutor simple) {
			simple.setTaskDecorator(decorator);
		}
		else if (executor instanceof ConcurrentTaskExecutor concurrent) {
			concurrent.setTaskDecorator(decorator);
		}
	}

	// There is a setter only: without the field, the user's own decorator would be lost.
	private static @Nullable Field decoratorField(Object executor) {
		Field field = ReflectionUtils.findField(executor.getClass(), "taskDecorator", TaskDecorator.class);
		if (field != null) {
			ReflectionUtils.makeAccessible(field);
		}
		return field;
	}

}

package io.github.contextvars.spring.task;

import java.lang.reflect.Field;
import java.util.concurrent.Callable;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;
import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.SchedulingAwareRunnable;
import org.springframework.scheduling.support.DelegatingErrorHandlingRunnable;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * {@link TaskDecorator} that runs each task in a copy of its submitter's context. The
 * copy is taken when the task is submitted, and each run of the task gets a copy of that.
 * Tasks that Spring schedules for the application itself, such as {@code @Scheduled}
 * methods, have no submitter: each run begins with an empty context. The loops of message
 * consumers run outside any context, whatever has started them: each message gets one.
 * <p>
 * Among several decorators this one is the outermost at run time, so that the others run
 * inside the copy. A task that is decorated already is returned as it is, and so is that
 * of an {@code @Async} method whose call enters the context itself. May be used on any
 * thread.
 *
 * @since 0.1.0
 * @see org.springframework.core.task.support.ContextPropagatingTaskDecorator
 */
public final class ContextTaskDecorator implements TaskDecorator, Ordered {

	/**
	 * Field of {@link DelegatingErrorHandlingRunnable}.
	 */
	static final String ERROR_HANDLER_DELEGATE = "delegate";

	private static final String REGISTRAR_PACKAGE = "org.springframework.scheduling.";

	// The tasks that call Redis' listeners are of the same package as one of its loops.
	private static final String[] LOOPS = { "org.springframework.jms.listener.",
			"org.springframework.amqp.rabbit.listener.", "org.springframework.data.redis.stream.",
			"org.springframework.data.redis.listener.RedisMessageListenerContainer$BlockingSubscriber" };

	private static final String POLLER = "org.springframework.integration.endpoint.AbstractPollingEndpoint$";

	private static final @Nullable Field DELEGATE = delegateField();

	private final WorkRegistry workRegistry;

	/**
	 * Create a decorator.
	 * @param workRegistry captures and enters the contexts
	 */
	public ContextTaskDecorator(WorkRegistry workRegistry) {
		this.workRegistry = workRegistry;
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	@Override
	public Runnable decorate(Runnable task) {
		// A scheduler decorates each run of a trigger inside the run before it:
		// there the task itself is decorated, when it is scheduled.
		Runnable submitted = withoutErrorHandler(task);
		if (submitted instanceof PropagatingTask || submitted instanceof RunnableScheduledFuture
				|| isLoopOfConsumer(submitted)) {
			return task;
		}
		if (isScheduledBySpring(submitted)) {
			return new ScheduledTask(this.workRegistry, task, scheduledMethod(submitted));
		}
		if (task instanceof Comparable<?>) {
			return new ComparableTask(capture(submitted), task);
		}
		AsyncInvocation async = AsyncInvocation.take(submitted);
		if (async == null) {
			return new SubmittedTask(capture(submitted), task);
		}
		// ThreadPoolTaskExecutor puts each task that is replaced into a map, which takes
		// longer than all else.
		return async.isAllOf(task) ? task : new AsyncTask(async, task);
	}

	/**
	 * Decorate a task that returns a result, as {@link #decorate(Runnable)} does.
	 * @param <V> the type of the result
	 * @param task the task
	 * @return the decorated task
	 */
	public <V extends @Nullable Object> Callable<V> decorateCallable(Callable<V> task) {
		AsyncInvocation async = AsyncInvocation.take(task);
		return (async != null) ? async.wrap(task) : capture(task).wrap(task);
	}

	private static @Nullable Field delegateField() {
		Field field = ReflectionUtils.findField(DelegatingErrorHandlingRunnable.class, ERROR_HANDLER_DELEGATE);
		if (field != null) {
			ReflectionUtils.makeAccessible(field);
		}
		return field;
	}

	private WorkSnapshot capture(Object task) {
		WorkSnapshot snapshot = this.workRegistry.capture(UnitOfWork.Kind.TASK, nameOf(task));
		// Spring MVC knows a better name of what it submits.
		return AsyncInvocation.isMadeBySpring(task) ? snapshot.renamable() : snapshot;
	}

	// A ConcurrentTaskScheduler adds its error handler before it has the task decorated.
	private static Runnable withoutErrorHandler(Runnable task) {
		return (task instanceof DelegatingErrorHandlingRunnable && DELEGATE != null
				&& ReflectionUtils.getField(DELEGATE, task) instanceof Runnable delegate) ? delegate : task;
	}

	// The registrar's tasks are of its own classes, ReschedulingRunnable's and error
	// handlers of others. A poller never ends, and is nothing of who has started it.
	private static boolean isScheduledBySpring(Runnable task) {
		String type = task.getClass().getName();
		return type.startsWith(REGISTRAR_PACKAGE + "config.Task$")
				|| type.equals(REGISTRAR_PACKAGE + "support.ScheduledMethodRunnable") || type.startsWith(POLLER);
	}

	// It belongs to no unit of work, whatever has started the container: its messages do.
	private static boolean isLoopOfConsumer(Runnable task) {
		String type = task.getClass().getName();
		for (String loop : LOOPS) {
			if (type.startsWith(loop)) {
				return true;
			}
		}
		return false;
	}

	// The class that the task was written in: its toString() is the application's code.
	private static Supplier<String> nameOf(Object task) {
		Class<?> type = task.getClass();
		return () -> {
			String name = ClassUtils.getShortName(type);
			int lambda = name.indexOf("$$Lambda");
			return (lambda > 0) ? name.substring(0, lambda) : name;
		};
	}

	// The text of Spring's own tasks is the method's name, with the package before it. It
	// is asked for once, now: those that a SchedulingConfigurer adds have their own.
	private static String scheduledMethod(Runnable task) {
		if (task.getClass().getName().startsWith(POLLER)) {
			return "Integration poll";
		}
		try {
			String text = task.toString();
			return text.substring(text.lastIndexOf('.', text.lastIndexOf('.') - 1) + 1);
		}
		catch (RuntimeException ex) {
			return task.getClass().getName();
		}
	}

	// No record: executors hash their tasks, and that would hash the values.
	private abstract static sealed class PropagatingTask implements SchedulingAwareRunnable {

		final Runnable task;

		PropagatingTask(Runnable task) {
			this.task = task;
		}

		// Spring chooses the scheduler by the qualifier of the task.
		@Override
		public final @Nullable String getQualifier() {
			return (this.task instanceof SchedulingAwareRunnable aware) ? aware.getQualifier() : null;
		}

		@Override
		public final boolean isLongLived() {
			return this.task instanceof SchedulingAwareRunnable aware && aware.isLongLived();
		}

		@Override
		public final String toString() {
			return this.task.toString();
		}

	}

	private static non-sealed class SubmittedTask extends PropagatingTask {

		private final WorkSnapshot snapshot;

		SubmittedTask(WorkSnapshot snapshot, Runnable task) {
			super(task);
			this.snapshot = snapshot;
		}

		@Override
		public final void run() {
			this.snapshot.run(this.task);
		}

	}

	private static final class ScheduledTask extends PropagatingTask {

		private final WorkRegistry workRegistry;

		private final String method;

		ScheduledTask(WorkRegistry workRegistry, Runnable task, String method) {
			super(task);
			this.workRegistry = workRegistry;
			this.method = method;
		}

		@Override
		public void run() {
			this.workRegistry.run(this.workRegistry.create(UnitOfWork.Kind.SCHEDULED, () -> this.method), this.task);
		}

	}

	private static final class AsyncTask extends PropagatingTask {

		private final AsyncInvocation async;

		AsyncTask(AsyncInvocation async, Runnable task) {
			super(task);
			this.async = async;
		}

		@Override
		public void run() {
			this.async.run(this.task);
		}

	}

	// For executors with a priority queue, which may hold tasks of other kinds, too.
	@SuppressWarnings("ComparableType")
	private static final class ComparableTask extends SubmittedTask implements Comparable<Runnable> {

		private ComparableTask(WorkSnapshot snapshot, Runnable task) {
			super(snapshot, task);
		}

		@Override
		@SuppressWarnings("unchecked")
		public int compareTo(Runnable other) {
			return ((Comparable<Object>) this.task)
				.compareTo((other instanceof PropagatingTask propagating) ? propagating.task : other);
		}

		@Override
		public boolean equals(@Nullable Object other) {
			return this == other;
		}

		@Override
		public int hashCode() {
			return System.identityHashCode(this);
		}

	}

}

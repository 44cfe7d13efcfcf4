package io.github.contextvars.spring.task;

import java.util.concurrent.Callable;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;
import org.springframework.core.task.TaskDecorator;
import org.springframework.util.ClassUtils;

import io.github.contextvars.Context;
import io.github.contextvars.spring.live.LiveContext;
import io.github.contextvars.spring.live.LiveContexts;

/**
 * Runs each task in a copy of its submitter's context. The copy is taken when the task is
 * submitted, and each run of the task gets a copy of that: running twice, late or
 * concurrently mixes nothing. What Spring schedules for the application itself, such as
 * {@code @Scheduled} methods, was submitted by nobody: each run begins empty.
 * <p>
 * Among several decorators this one is the outermost at run time, so that what the others
 * do around the task happens inside the copy. A task that was decorated already stays as
 * it is.
 */
public final class ContextTaskDecorator implements TaskDecorator, Ordered {

	private static final String REGISTRAR_PACKAGE = "org.springframework.scheduling.";

	private final LiveContexts liveContexts;

	/**
	 * Create a decorator.
	 * @param liveContexts what enters the contexts
	 */
	public ContextTaskDecorator(LiveContexts liveContexts) {
		this.liveContexts = liveContexts;
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	@Override
	public Runnable decorate(Runnable task) {
		// A scheduler decorates each run of a trigger inside the run before it: there the
		// task
		// itself is decorated, when it is scheduled.
		if (task instanceof CarriedTask || task instanceof RunnableScheduledFuture) {
			return task;
		}
		if (isScheduledBySpring(task)) {
			String method = scheduledMethod(task);
			return new CarriedTask(this, task, LiveContext.Kind.SCHEDULED, () -> method, new Context(), null);
		}
		return new CarriedTask(this, task, LiveContext.Kind.TASK, nameOf(task), Context.copyOfCurrent(),
				this.liveContexts.currentId());
	}

	/**
	 * Decorate a task that returns something, as {@link #decorate(Runnable)} does.
	 * @param <V> the type of the result
	 * @param task what to call
	 * @return the decorated task
	 */
	@SuppressWarnings("NullAway") // the compiler of JDK 17 doesn't know of nullable type
									// arguments
	public <V extends @Nullable Object> Callable<V> decorateCallable(Callable<V> task) {
		Context captured = Context.copyOfCurrent();
		Long parent = this.liveContexts.currentId();
		return () -> this.liveContexts.<V, Exception>call(
				this.liveContexts.begin(LiveContext.Kind.TASK, nameOf(task), parent, captured.copy()), task::call);
	}

	// The registrar's tasks are of its own classes, ReschedulingRunnable's and error
	// handlers of others.
	private static boolean isScheduledBySpring(Runnable task) {
		String type = task.getClass().getName();
		return type.startsWith(REGISTRAR_PACKAGE + "config.Task$")
				|| type.equals(REGISTRAR_PACKAGE + "support.ScheduledMethodRunnable");
	}

	// The class that the task was written in: its toString() is somebody's code.
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
		try {
			String text = task.toString();
			return text.substring(text.lastIndexOf('.', text.lastIndexOf('.') - 1) + 1);
		}
		catch (RuntimeException ex) {
			return task.getClass().getName();
		}
	}

	// No record: executors hash their tasks, and that would hash the values.
	private static final class CarriedTask implements Runnable {

		private final ContextTaskDecorator decorator;

		private final Runnable task;

		private final LiveContext.Kind kind;

		private final Supplier<String> origin;

		private final Context captured;

		private final @Nullable Long parent;

		private CarriedTask(ContextTaskDecorator decorator, Runnable task, LiveContext.Kind kind,
				Supplier<String> origin, Context captured, @Nullable Long parent) {
			this.decorator = decorator;
			this.task = task;
			this.kind = kind;
			this.origin = origin;
			this.captured = captured;
			this.parent = parent;
		}

		@Override
		public void run() {
			LiveContexts live = this.decorator.liveContexts;
			live.run(live.begin(this.kind, this.origin, this.parent, this.captured.copy()), this.task);
		}

		@Override
		public String toString() {
			return this.task.toString();
		}

	}

}

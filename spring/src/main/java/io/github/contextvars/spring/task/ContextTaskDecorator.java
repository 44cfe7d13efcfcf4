package io.github.contextvars.spring.task;

import java.util.concurrent.Callable;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;
import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.SchedulingAwareRunnable;
import org.springframework.util.ClassUtils;

import io.github.contextvars.Context;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

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

	private final WorkRegistry liveContexts;

	/**
	 * Create a decorator.
	 * @param liveContexts what enters the contexts
	 */
	public ContextTaskDecorator(WorkRegistry liveContexts) {
		this.liveContexts = liveContexts;
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	@Override
	public Runnable decorate(Runnable task) {
		// A scheduler decorates each run of a trigger inside the run before it:
		// there the task itself is decorated, when it is scheduled.
		if (task instanceof CarriedTask || task instanceof RunnableScheduledFuture) {
			return task;
		}
		if (isScheduledBySpring(task)) {
			String method = scheduledMethod(task);
			return new CarriedTask(this.liveContexts, task, UnitOfWork.Kind.SCHEDULED, () -> method, new Context(),
					null);
		}
		Context captured = Context.copyOfCurrent();
		Long parent = this.liveContexts.currentId();
		return (task instanceof Comparable<?>)
				? new ComparableTask(this.liveContexts, task, nameOf(task), captured, parent)
				: new CarriedTask(this.liveContexts, task, UnitOfWork.Kind.TASK, nameOf(task), captured, parent);
	}

	/**
	 * Decorate a task that returns something, as {@link #decorate(Runnable)} does.
	 * @param <V> the type of the result
	 * @param task what to call
	 * @return the decorated task
	 */
	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	public <V extends @Nullable Object> Callable<V> decorateCallable(Callable<V> task) {
		Context captured = Context.copyOfCurrent();
		Long parent = this.liveContexts.currentId();
		return () -> this.liveContexts.<V, Exception>call(
				this.liveContexts.begin(UnitOfWork.Kind.TASK, nameOf(task), parent, captured.copy()), task::call);
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
	private static class CarriedTask implements SchedulingAwareRunnable {

		private final WorkRegistry liveContexts;

		private final Runnable task;

		private final UnitOfWork.Kind kind;

		private final Supplier<String> origin;

		private final Context captured;

		private final @Nullable Long parent;

		CarriedTask(WorkRegistry liveContexts, Runnable task, UnitOfWork.Kind kind, Supplier<String> origin,
				Context captured, @Nullable Long parent) {
			this.liveContexts = liveContexts;
			this.task = task;
			this.kind = kind;
			this.origin = origin;
			this.captured = captured;
			this.parent = parent;
		}

		@Override
		public final void run() {
			this.liveContexts.run(this.liveContexts.begin(this.kind, this.origin, this.parent, this.captured.copy()),
					this.task);
		}

		// Spring chooses the scheduler by what the task says.
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

	// For executors with a priority queue, which may hold tasks of other kinds, too.
	@SuppressWarnings("ComparableType")
	private static final class ComparableTask extends CarriedTask implements Comparable<Runnable> {

		private ComparableTask(WorkRegistry liveContexts, Runnable task, Supplier<String> origin, Context captured,
				@Nullable Long parent) {
			super(liveContexts, task, UnitOfWork.Kind.TASK, origin, captured, parent);
		}

		@Override
		@SuppressWarnings("unchecked")
		public int compareTo(Runnable other) {
			return ((Comparable<Object>) ((CarriedTask) this).task)
				.compareTo((other instanceof CarriedTask carried) ? carried.task : other);
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

package io.github.contextvars.spring.task;

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
 * concurrently mixes nothing.
 * <p>
 * Among several decorators this one is the outermost at run time, so that what the others
 * do around the task happens inside the copy.
 */
public final class ContextTaskDecorator implements TaskDecorator, Ordered {

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
		Context captured = Context.copyOfCurrent();
		Long parent = this.liveContexts.currentId();
		return () -> run(task, parent, captured.copy());
	}

	private void run(Runnable task, @Nullable Long parent, Context context) {
		LiveContext work = this.liveContexts.begin(LiveContext.Kind.TASK, () -> nameOf(task), parent, context);
		this.liveContexts.run(work, task);
	}

	// The class that the task was written in: calling the task's toString() is calling
	// user code.
	private static String nameOf(Runnable task) {
		String name = ClassUtils.getShortName(task.getClass());
		int lambda = name.indexOf("$$Lambda");
		return (lambda > 0) ? name.substring(0, lambda) : name;
	}

}

package io.github.contextvars.spring.task;

import org.quartz.simpl.SimpleThreadPool;

import io.github.contextvars.spring.work.RunningApplications;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link SimpleThreadPool} that begins each firing of a job with an empty context, around
 * all listeners, refires and the job itself. Public because Quartz creates it by its
 * name: {@code org.quartz.threadPool.class}. {@link ContextTaskConfiguration} sets this
 * property of each {@code SchedulerFactoryBean}; set it for a scheduler that is made
 * otherwise.
 *
 * @since 0.1.0
 */
public final class ContextThreadPool extends SimpleThreadPool {

	/**
	 * Create a pool, to be configured by Quartz.
	 */
	public ContextThreadPool() {
	}

	@Override
	public boolean runInThread(Runnable firing) {
		return super.runInThread((firing != null) ? () -> run(firing) : null);
	}

	private static void run(Runnable firing) {
		WorkRegistry registry = RunningApplications.workRegistry();
		registry.run(registry.create(UnitOfWork.Kind.JOB, () -> "Quartz job"), firing);
	}

}

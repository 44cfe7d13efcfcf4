package io.github.contextvars.spring.quartz;

import java.util.function.Supplier;

import org.quartz.core.JobRunShell;
import org.quartz.spi.TriggerFiredBundle;
import org.springframework.beans.DirectFieldAccessor;

import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Task that fires a job in an empty context. Listeners could not enter one: the last one
 * is not called if a job is vetoed, or if another listener fails.
 */
final class FiringTask implements Runnable {

	static final String BUNDLE = "firedTriggerBundle";

	private final Runnable firing;

	private final Supplier<WorkRegistry> workRegistry;

	/**
	 * Create a task.
	 * @param firing calls the listeners and the job, again if it is to be retried
	 * @param workRegistry enters the context
	 */
	FiringTask(Runnable firing, Supplier<WorkRegistry> workRegistry) {
		this.firing = firing;
		this.workRegistry = workRegistry;
	}

	@Override
	public void run() {
		WorkRegistry registry = this.workRegistry.get();
		registry.run(registry.create(UnitOfWork.Kind.JOB, this::origin), this.firing);
	}

	private String origin() {
		return (this.firing instanceof JobRunShell
				&& new DirectFieldAccessor(this.firing).getPropertyValue(BUNDLE) instanceof TriggerFiredBundle bundle)
						? bundle.getJobDetail().getKey().toString() : "Quartz job";
	}

}

package io.github.contextvars.spring.quartz;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.quartz.SchedulerConfigException;
import org.quartz.simpl.SimpleThreadPool;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.ApplicationContext;
import org.springframework.scheduling.quartz.SchedulerFactoryBean;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Quartz's default thread pool, with each job in an empty context. Quartz creates it by
 * its name, and sets the properties {@code org.quartz.threadPool.…}.
 *
 * @since 0.1.0
 */
public final class ContextThreadPool extends SimpleThreadPool {

	private Supplier<WorkRegistry> workRegistry = SingletonSupplier.of(WorkRegistry::nonTracking);

	// Called while the factory bean creates the scheduler.
	@Override
	public void initialize() throws SchedulerConfigException {
		if (SchedulerFactoryBean.getConfigTimeResourceLoader() instanceof ApplicationContext context) {
			ObjectProvider<WorkRegistry> registry = context.getBeanProvider(WorkRegistry.class);
			this.workRegistry = SingletonSupplier.of(registry::getObject);
		}
		super.initialize();
	}

	@Override
	public boolean runInThread(@Nullable Runnable firing) {
		return super.runInThread((firing != null) ? new FiringTask(firing, this.workRegistry) : null);
	}

}

package io.github.contextvars.spring.stress;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A pool that checks its threads before and after each task, where no wrapper of a task
 * reaches.
 */
class SentinelPool extends ThreadPoolExecutor {

	private final ViolationLog log;

	private final String name;

	SentinelPool(ViolationLog log, String name, int threads, BlockingQueue<Runnable> queue) {
		super(threads, threads, 1, TimeUnit.MINUTES, queue);
		this.log = log;
		this.name = name;
	}

	@Override
	protected void beforeExecute(Thread thread, Runnable task) {
		this.log.expectNoContext(ViolationLog.Violation.DIRTY_ON_ENTRY, this.name);
	}

	@Override
	protected void afterExecute(Runnable task, Throwable failure) {
		this.log.expectNoContext(ViolationLog.Violation.DIRTY_ON_EXIT, this.name);
	}

}

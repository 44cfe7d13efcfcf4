package io.github.contextvars.spring.stress;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A pool that checks its threads before and after each task, where no wrapper of a task
 * reaches.
 */
class SentinelPool extends ThreadPoolExecutor {

	private final ViolationLog ledger;

	private final String name;

	SentinelPool(ViolationLog ledger, String name, int threads, BlockingQueue<Runnable> queue) {
		super(threads, threads, 1, TimeUnit.MINUTES, queue);
		this.ledger = ledger;
		this.name = name;
	}

	@Override
	protected void beforeExecute(Thread thread, Runnable task) {
		this.ledger.expectNoContext(ViolationLog.Wrong.DIRTY_ON_ENTRY, this.name);
	}

	@Override
	protected void afterExecute(Runnable task, Throwable failure) {
		this.ledger.expectNoContext(ViolationLog.Wrong.DIRTY_ON_EXIT, this.name);
	}

}

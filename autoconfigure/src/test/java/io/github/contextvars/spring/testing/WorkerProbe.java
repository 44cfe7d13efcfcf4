package io.github.contextvars.spring.testing;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.springframework.core.task.VirtualThreadTaskExecutor;

import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The threads behind an executor, to be looked at behind the library's back.
 */
public interface WorkerProbe {

	/**
	 * Wait for what runs to end, then assert that no thread has kept a context.
	 */
	void assertClean() throws Exception;

	/**
	 * The one thread of a pool.
	 */
	static WorkerProbe ofPool(Executor raw) {
		return () -> {
			FutureTask<Boolean> probe = new FutureTask<>(ThreadContextProbe::isInContext);
			executeRaw(raw, probe);
			assertThat(probe.get(30, TimeUnit.SECONDS)).as("worker is in a context").isFalse();
		};
	}

	// Spring's own pools decorate in execute().
	private static void executeRaw(Executor raw, Runnable probe) {
		if (raw instanceof ThreadPoolExecutor pool && !(raw instanceof ScheduledExecutorService)) {
			pool.prestartCoreThread();
			pool.getQueue().add(probe);
		}
		else {
			raw.execute(probe);
		}
	}

	/**
	 * Makes threads and asks each on its way out whether it is in a context.
	 */
	final class Threads implements ThreadFactory, WorkerProbe {

		private final ThreadFactory delegate;

		private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();

		private final Queue<String> dirty = new ConcurrentLinkedQueue<>();

		public Threads() {
			this(Thread::new);
		}

		public Threads(ThreadFactory delegate) {
			this.delegate = delegate;
		}

		/**
		 * Make threads of a kind.
		 */
		public static Threads of(Threading threading) {
			return (threading == Threading.VIRTUAL)
					? new Threads(new VirtualThreadTaskExecutor().getVirtualThreadFactory()) : new Threads();
		}

		@Override
		public Thread newThread(Runnable task) {
			Thread thread = this.delegate.newThread(() -> {
				try {
					task.run();
				}
				finally {
					if (ThreadContextProbe.isInContext()) {
						this.dirty.add(Thread.currentThread().toString());
					}
				}
			});
			// Planned failures are nothing to print.
			thread.setUncaughtExceptionHandler((failed, ex) -> {
			});
			this.threads.add(thread);
			return thread;
		}

		@Override
		public void assertClean() {
			assertThat(this.dirty).as("threads that ended in a context").isEmpty();
		}

		public void joinAndAssertClean() throws InterruptedException {
			for (Thread thread : this.threads) {
				thread.join(TimeUnit.SECONDS.toMillis(30));
				assertThat(thread.isAlive()).isFalse();
			}
			assertClean();
		}

	}

}

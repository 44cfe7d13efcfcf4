package io.github.contextvars.spring.stress;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Ways to wait, but not for ever.
 */
final class Awaiting {

	static final long SECONDS = 60;

	private Awaiting() {
	}

	/**
	 * Wait for a latch, or until the thread is interrupted.
	 */
	static void until(CountDownLatch latch) {
		try {
			latch.await(1, TimeUnit.DAYS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	static void forEnd(Future<?> future) throws Exception {
		future.get(SECONDS, TimeUnit.SECONDS);
	}

	static void forLatch(CountDownLatch latch) throws InterruptedException {
		if (!latch.await(SECONDS, TimeUnit.SECONDS)) {
			throw new IllegalStateException("the latch was not opened in time");
		}
	}

}

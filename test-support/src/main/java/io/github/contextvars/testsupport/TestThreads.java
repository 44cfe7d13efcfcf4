package io.github.contextvars.testsupport;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Threads whose failures reach the test.
 */
public final class TestThreads {

	private static final long PATIENCE_SECONDS = 300;

	private TestThreads() {
	}

	public static void run(Task body) throws Exception {
		call("test-thread", body.asCallable());
	}

	public static void run(String name, Task body) throws Exception {
		call(name, body.asCallable());
	}

	public static <T> T call(Callable<T> body) throws Exception {
		return call("test-thread", body);
	}

	public static <T> T call(String name, Callable<T> body) throws Exception {
		return result(start(name, body));
	}

	public static <T> Future<T> start(String name, Callable<T> body) {
		FutureTask<T> task = new FutureTask<>(body);
		Thread thread = new Thread(task, name);
		thread.setDaemon(true);
		thread.start();
		return task;
	}

	/**
	 * Run one body on several threads at once, which set off together.
	 */
	public static <T> List<T> together(int threads, Callable<T> body) throws Exception {
		CyclicBarrier start = new CyclicBarrier(threads);
		List<Future<T>> futures = new ArrayList<>();
		for (int i = 0; i < threads; i++) {
			futures.add(start("racer-" + i, () -> {
				start.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
				return body.call();
			}));
		}
		List<T> results = new ArrayList<>();
		for (Future<T> future : futures) {
			results.add(result(future));
		}
		return results;
	}

	public static <T> T result(Future<T> future) throws Exception {
		try {
			return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
		}
		catch (ExecutionException ex) {
			if (ex.getCause() instanceof Error error) {
				throw error;
			}
			throw (Exception) ex.getCause();
		}
		catch (TimeoutException ex) {
			throw new AssertionError("a thread did not finish", ex);
		}
	}

	public static void await(CountDownLatch latch) {
		try {
			if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
				throw new AssertionError("nobody opened the latch");
			}
		}
		catch (InterruptedException ex) {
			throw new AssertionError(ex);
		}
	}

	public static void await(CyclicBarrier barrier) {
		try {
			barrier.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
		}
		catch (Exception ex) {
			throw new AssertionError(ex);
		}
	}

	/**
	 * A body that may throw.
	 */
	@FunctionalInterface
	public interface Task {

		void run() throws Exception;

		default Callable<Void> asCallable() {
			return () -> {
				run();
				return null;
			};
		}

	}

}

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
 * Runner of bodies on other threads, whose failures reach the test. Waiting is limited: a
 * thread that does not finish fails the test.
 */
public final class TestThreads {

	private static final long PATIENCE_SECONDS = 300;

	private TestThreads() {
	}

	/**
	 * Run a body on a new thread, to its end.
	 * @param body the body
	 * @throws Exception what the body throws
	 */
	public static void run(Task body) throws Exception {
		call("test-thread", body.asCallable());
	}

	/**
	 * Run a body on a new thread of a given name, to its end.
	 * @param name the name of the thread
	 * @param body the body
	 * @throws Exception what the body throws
	 */
	public static void run(String name, Task body) throws Exception {
		call(name, body.asCallable());
	}

	/**
	 * Run a body on a new thread, to its end.
	 * @param <T> the type of the result
	 * @param body the body
	 * @return the body's result
	 * @throws Exception what the body throws
	 */
	public static <T> T call(Callable<T> body) throws Exception {
		return call("test-thread", body);
	}

	/**
	 * Run a body on a new thread of a given name, to its end.
	 * @param <T> the type of the result
	 * @param name the name of the thread
	 * @param body the body
	 * @return the body's result
	 * @throws Exception what the body throws
	 */
	public static <T> T call(String name, Callable<T> body) throws Exception {
		return result(start(name, body));
	}

	/**
	 * Start a body on a new daemon thread of a given name.
	 * @param <T> the type of the result
	 * @param name the name of the thread
	 * @param body the body
	 * @return the future result, for {@link #result}
	 */
	public static <T> Future<T> start(String name, Callable<T> body) {
		FutureTask<T> task = new FutureTask<>(body);
		Thread thread = new Thread(task, name);
		thread.setDaemon(true);
		thread.start();
		return task;
	}

	/**
	 * Run one body on several new threads, which start it at the same time.
	 * @param <T> the type of the results
	 * @param threads the number of threads
	 * @param body the body
	 * @return the results
	 * @throws Exception what the body throws on a thread
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

	/**
	 * Wait for a result.
	 * @param <T> the type of the result
	 * @param future the future result
	 * @return the result
	 * @throws Exception what the body threw
	 * @throws AssertionError if the body does not end
	 */
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

	/**
	 * Wait for a latch.
	 * @param latch the latch
	 * @throws AssertionError if the latch does not reach zero
	 */
	public static void await(CountDownLatch latch) {
		try {
			if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
				throw new AssertionError("the latch did not reach zero");
			}
		}
		catch (InterruptedException ex) {
			throw new AssertionError(ex);
		}
	}

	/**
	 * Wait for a barrier.
	 * @param barrier the barrier
	 * @throws AssertionError if the barrier breaks, or not all parties arrive
	 */
	public static void await(CyclicBarrier barrier) {
		try {
			barrier.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
		}
		catch (Exception ex) {
			throw new AssertionError(ex);
		}
	}

	/**
	 * Body without a result, which may throw an exception.
	 */
	@FunctionalInterface
	public interface Task {

		/**
		 * Run the body.
		 * @throws Exception if the body fails
		 */
		void run() throws Exception;

		/**
		 * Return this body as a callable.
		 * @return a callable that returns {@code null}
		 */
		default Callable<Void> asCallable() {
			return () -> {
				run();
				return null;
			};
		}

	}

}

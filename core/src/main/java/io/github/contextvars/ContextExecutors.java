package io.github.contextvars;

import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;

/**
 * Executors whose tasks see the variables of whoever submitted them.
 *
 * {@snippet file = "io/github/contextvars/ExamplesTests.java" region = "executors"}
 *
 * <p>
 * A wrapped executor is as safe for use by many threads as the one it wraps, and costs a
 * few dozen bytes a task. Shutting it down shuts down the one it wraps. Where policies
 * are nested, the outermost decides; wrapping again with the same policy returns the
 * executor as it is.
 *
 * @see <a href=
 * "https://docs.python.org/3/library/asyncio-task.html#asyncio.to_thread">Python's
 * asyncio.to_thread()</a>
 */
@SuppressWarnings("overloads") // wrap(Executor) and wrap(ThreadFactory): a lambda has to
								// be cast
public final class ContextExecutors {

	private ContextExecutors() {
	}

	/**
	 * Wrap an executor: each task runs in a copy of the submitter's context, taken when
	 * it was submitted.
	 * @param executor the executor
	 * @return the wrapped executor
	 * @throws NullPointerException if the executor is {@code null}
	 */
	public static Executor wrap(Executor executor) {
		return carrying(executor, new PropagationPolicy.Capture());
	}

	/**
	 * As {@link #wrap(Executor)}. {@code invokeAll} and {@code invokeAny} capture once,
	 * when called.
	 * @param executor the executor
	 * @return the wrapped executor
	 * @throws NullPointerException if the executor is {@code null}
	 */
	public static ExecutorService wrap(ExecutorService executor) {
		return carrying(executor, new PropagationPolicy.Capture());
	}

	/**
	 * As {@link #wrap(Executor)}. Periodic tasks run in a fresh copy each time: what one
	 * run sets the next doesn't see.
	 * @param executor the executor
	 * @return the wrapped executor
	 * @throws NullPointerException if the executor is {@code null}
	 */
	public static ScheduledExecutorService wrap(ScheduledExecutorService executor) {
		requireExecutor(executor);
		PropagationPolicy policy = new PropagationPolicy.Capture();
		return ContextPropagatingExecutor.has(executor, policy) ? executor
				: new ContextPropagatingScheduledExecutorService(executor, policy);
	}

	/**
	 * Wrap a thread factory: each thread runs in a copy of the context that was current
	 * when {@code newThread()} was called, for as long as the thread lives. Meant for
	 * threads that do one task each, such as virtual ones; the threads of a pool would
	 * all keep the context of whoever made the pool grow.
	 * @param factory the factory
	 * @return the wrapped factory
	 * @throws NullPointerException if the factory is {@code null}
	 */
	public static ThreadFactory wrap(ThreadFactory factory) {
		Objects.requireNonNull(factory, "'factory' must not be null");
		return (factory instanceof ContextPropagatingThreadFactory) ? factory
				: new ContextPropagatingThreadFactory(factory);
	}

	/**
	 * Wrap an executor: each task runs in a fresh copy of one context's values, as they
	 * are now. For the {@code …Async} stages of a
	 * {@link java.util.concurrent.CompletableFuture}, which are submitted by whichever
	 * thread completes the stage before.
	 * @param executor the executor
	 * @param context the context to copy
	 * @return the wrapped executor
	 * @throws NullPointerException if an argument is {@code null}
	 */
	public static Executor fixed(Executor executor, Context context) {
		return carrying(executor, new PropagationPolicy.Fixed(requireContext(context).copy()));
	}

	/**
	 * As {@link #fixed(Executor, Context)}.
	 * @param executor the executor
	 * @param context the context to copy
	 * @return the wrapped executor
	 * @throws NullPointerException if an argument is {@code null}
	 */
	public static ExecutorService fixed(ExecutorService executor, Context context) {
		return carrying(executor, new PropagationPolicy.Fixed(requireContext(context).copy()));
	}

	/**
	 * Wrap an executor: every task runs in that very context, and sees what the tasks
	 * before it set, as with asyncio's {@code context=} argument. For event loops and
	 * serial executors: a task that starts while another runs in the context fails with
	 * {@link IllegalStateException}, on its own thread. If that is not the submitter's, a
	 * {@link java.util.concurrent.CompletableFuture} waits for such a task for ever, as
	 * nothing of it has run.
	 * @param executor the executor
	 * @param context the context to run in
	 * @return the wrapped executor
	 * @throws NullPointerException if an argument is {@code null}
	 */
	public static Executor within(Executor executor, Context context) {
		return carrying(executor, new PropagationPolicy.Within(requireContext(context)));
	}

	private static Executor carrying(Executor executor, PropagationPolicy policy) {
		requireExecutor(executor);
		return ContextPropagatingExecutor.has(executor, policy) ? executor
				: new ContextPropagatingExecutor<>(executor, policy);
	}

	private static ExecutorService carrying(ExecutorService executor, PropagationPolicy policy) {
		requireExecutor(executor);
		return ContextPropagatingExecutor.has(executor, policy) ? executor
				: new ContextPropagatingExecutorService<>(executor, policy);
	}

	private static void requireExecutor(Executor executor) {
		Objects.requireNonNull(executor, "'executor' must not be null");
	}

	private static Context requireContext(Context context) {
		return Objects.requireNonNull(context, "'context' must not be null");
	}

	private record ContextPropagatingThreadFactory(ThreadFactory delegate) implements ThreadFactory {

		@Override
		public Thread newThread(Runnable task) {
			return this.delegate.newThread(Context.copyOfCurrent().wrap(task));
		}

	}

}

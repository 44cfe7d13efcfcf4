package io.github.contextvars;

import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;

/**
 * Factory methods for executors and thread factories that propagate contexts to the tasks
 * that they run.
 *
 * <pre>{@code
 * ExecutorService executor = ContextExecutors.wrap(pool);
 * Future<String> greeting = new Context().call(() -> {
 *     TENANT.set("acme");
 *     return executor.submit(() -> greeting());
 * });
 * assertThat(greeting.get(10, TimeUnit.SECONDS)).isEqualTo("Hello, acme");
 * }</pre>
 *
 * <p>
 * A wrapped executor can be used by as many threads as the executor that it wraps, and
 * allocates a few dozen bytes for each task. Shutting it down shuts down the wrapped
 * executor. If executors are wrapped several times, the outermost decides which context a
 * task runs in. Wrapping an executor again in the same way returns it unchanged.
 * <p>
 * The idea is that of Python's {@code asyncio}, which runs a callback in a copy of the
 * context that was current when the callback was registered.
 *
 * @since 0.1.0
 * @see Context#wrap(Runnable)
 * @see <a href=
 * "https://docs.python.org/3/library/asyncio-task.html#asyncio.to_thread">Python's
 * asyncio.to_thread()</a>
 */
@SuppressWarnings("overloads") // wrap(): a lambda has to be cast
public final class ContextExecutors {

	private ContextExecutors() {
	}

	/**
	 * Wrap an executor so that each task runs in a copy of the submitter's context, taken
	 * at submission.
	 * @param executor the executor to wrap
	 * @return the wrapped executor
	 * @throws NullPointerException if the executor is {@code null}
	 */
	public static Executor wrap(Executor executor) {
		return propagating(executor, new PropagationPolicy.Capture());
	}

	/**
	 * Wrap an executor service like {@link #wrap(Executor)}. {@code invokeAll} and
	 * {@code invokeAny} copy the context when they are called.
	 * @param executor the executor to wrap
	 * @return the wrapped executor
	 * @throws NullPointerException if the executor is {@code null}
	 */
	public static ExecutorService wrap(ExecutorService executor) {
		return propagating(executor, new PropagationPolicy.Capture());
	}

	/**
	 * Wrap a scheduled executor service like {@link #wrap(Executor)}. Each run of a
	 * periodic task has a fresh copy, so that it does not see what an earlier run set.
	 * @param executor the executor to wrap
	 * @return the wrapped executor
	 * @throws NullPointerException if the executor is {@code null}
	 */
	public static ScheduledExecutorService wrap(ScheduledExecutorService executor) {
		requireExecutor(executor);
		PropagationPolicy policy = new PropagationPolicy.Capture();
		return ContextPropagatingExecutor.hasPolicy(executor, policy) ? executor
				: new ContextPropagatingScheduledExecutorService(executor, policy);
	}

	/**
	 * Wrap a thread factory so that each thread runs in a copy of the context that was
	 * current when {@code newThread()} was called. Meant for threads that run one task
	 * each, such as virtual threads: a pooled thread would keep the context of the task
	 * that it was created for.
	 * @param factory the factory to wrap
	 * @return the wrapped factory
	 * @throws NullPointerException if the factory is {@code null}
	 */
	public static ThreadFactory wrap(ThreadFactory factory) {
		Objects.requireNonNull(factory, "'factory' must not be null");
		return (factory instanceof ContextPropagatingThreadFactory) ? factory
				: new ContextPropagatingThreadFactory(factory);
	}

	/**
	 * Wrap an executor so that each task runs in a fresh copy of a context's present
	 * values. Meant for the {@code …Async} stages of a
	 * {@link java.util.concurrent.CompletableFuture}, which are submitted by the thread
	 * that completes the previous stage.
	 * @param executor the executor to wrap
	 * @param context the context to copy
	 * @return the wrapped executor
	 * @throws NullPointerException if an argument is {@code null}
	 */
	public static Executor fixed(Executor executor, Context context) {
		return propagating(executor, new PropagationPolicy.Fixed(requireContext(context).copy()));
	}

	/**
	 * Wrap an executor service like {@link #fixed(Executor, Context)}.
	 * @param executor the executor to wrap
	 * @param context the context to copy
	 * @return the wrapped executor
	 * @throws NullPointerException if an argument is {@code null}
	 */
	public static ExecutorService fixed(ExecutorService executor, Context context) {
		return propagating(executor, new PropagationPolicy.Fixed(requireContext(context).copy()));
	}

	/**
	 * Wrap an executor so that all tasks run in the given context itself, and see what
	 * earlier tasks set, as with the {@code context=} argument of Python's
	 * {@code asyncio}.
	 * <p>
	 * Meant for event loops and executors that run one task at a time. A task that starts
	 * while another one is in the context fails with {@link IllegalStateException} on the
	 * thread that was to run it. A {@link java.util.concurrent.CompletableFuture} whose
	 * task fails like this on another thread than the submitter's never completes.
	 * @param executor the executor to wrap
	 * @param context the context to run in
	 * @return the wrapped executor
	 * @throws NullPointerException if an argument is {@code null}
	 */
	public static Executor within(Executor executor, Context context) {
		return propagating(executor, new PropagationPolicy.Within(requireContext(context)));
	}

	private static Executor propagating(Executor executor, PropagationPolicy policy) {
		requireExecutor(executor);
		return ContextPropagatingExecutor.hasPolicy(executor, policy) ? executor
				: new ContextPropagatingExecutor<>(executor, policy);
	}

	private static ExecutorService propagating(ExecutorService executor, PropagationPolicy policy) {
		requireExecutor(executor);
		return ContextPropagatingExecutor.hasPolicy(executor, policy) ? executor
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
			return this.delegate.newThread(HandOver.capture().wrap(task));
		}

	}

}

package io.github.contextvars;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.jspecify.annotations.Nullable;

/**
 * {@link ContextPropagatingExecutor} for an {@link ExecutorService}.
 *
 * @param <E> the type of the executor
 */
sealed class ContextPropagatingExecutorService<E extends ExecutorService> extends ContextPropagatingExecutor<E>
		implements ExecutorService, AutoCloseable permits ContextPropagatingScheduledExecutorService {

	ContextPropagatingExecutorService(E delegate, PropagationPolicy policy) {
		super(delegate, policy);
	}

	@Override
	public final <T extends @Nullable Object> Future<T> submit(Callable<T> task) {
		return this.delegate.submit(this.policy.wrap(requireTask(task)));
	}

	@Override
	public final <T extends @Nullable Object> Future<T> submit(Runnable task, T result) {
		return this.delegate.submit(this.policy.wrap(requireTask(task)), result);
	}

	@Override
	public final Future<?> submit(Runnable task) {
		return this.delegate.submit(this.policy.wrap(requireTask(task)));
	}

	@Override
	public final <T extends @Nullable Object> List<Future<T>> invokeAll(Collection<? extends Callable<T>> tasks)
			throws InterruptedException {
		return this.delegate.invokeAll(wrapAll(tasks));
	}

	@Override
	public final <T extends @Nullable Object> List<Future<T>> invokeAll(Collection<? extends Callable<T>> tasks,
			long timeout, TimeUnit unit) throws InterruptedException {
		return this.delegate.invokeAll(wrapAll(tasks), timeout, unit);
	}

	@Override
	public final <T extends @Nullable Object> T invokeAny(Collection<? extends Callable<T>> tasks)
			throws InterruptedException, ExecutionException {
		return this.delegate.invokeAny(wrapAll(tasks));
	}

	@Override
	public final <T extends @Nullable Object> T invokeAny(Collection<? extends Callable<T>> tasks, long timeout,
			TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
		return this.delegate.invokeAny(wrapAll(tasks), timeout, unit);
	}

	@Override
	public final void shutdown() {
		this.delegate.shutdown();
	}

	@Override
	public final List<Runnable> shutdownNow() {
		return this.delegate.shutdownNow();
	}

	@Override
	public final boolean isShutdown() {
		return this.delegate.isShutdown();
	}

	@Override
	public final boolean isTerminated() {
		return this.delegate.isTerminated();
	}

	@Override
	public final boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
		return this.delegate.awaitTermination(timeout, unit);
	}

	// Since JDK 19, ExecutorService has a close() whose default would wait forever for a
	// delegate that closes differently, such as the common pool.
	@Override
	public final void close() {
		if (this.delegate instanceof AutoCloseable closeable) {
			try {
				closeable.close();
			}
			catch (RuntimeException ex) {
				throw ex;
			}
			catch (Exception ex) {
				throw new IllegalStateException("Executor " + this.delegate + " could not be closed", ex);
			}
		}
		else {
			shutdown();
		}
	}

	private <T extends @Nullable Object> List<Callable<T>> wrapAll(Collection<? extends Callable<T>> tasks) {
		Objects.requireNonNull(tasks, "'tasks' must not be null");
		List<Callable<T>> wrapped = new ArrayList<>(tasks.size());
		for (Callable<T> task : tasks) {
			wrapped.add(this.policy.wrap(requireTask(task)));
		}
		return wrapped;
	}

}

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
		return this.delegate.submit(this.policy.carry(requireTask(task)));
	}

	@Override
	public final <T extends @Nullable Object> Future<T> submit(Runnable task, T result) {
		return this.delegate.submit(this.policy.carry(requireTask(task)), result);
	}

	@Override
	public final Future<?> submit(Runnable task) {
		return this.delegate.submit(this.policy.carry(requireTask(task)));
	}

	@Override
	public final <T extends @Nullable Object> List<Future<T>> invokeAll(Collection<? extends Callable<T>> tasks)
			throws InterruptedException {
		return this.delegate.invokeAll(carryAll(tasks));
	}

	@Override
	public final <T extends @Nullable Object> List<Future<T>> invokeAll(Collection<? extends Callable<T>> tasks,
			long timeout, TimeUnit unit) throws InterruptedException {
		return this.delegate.invokeAll(carryAll(tasks), timeout, unit);
	}

	@Override
	public final <T extends @Nullable Object> T invokeAny(Collection<? extends Callable<T>> tasks)
			throws InterruptedException, ExecutionException {
		return this.delegate.invokeAny(carryAll(tasks));
	}

	@Override
	public final <T extends @Nullable Object> T invokeAny(Collection<? extends Callable<T>> tasks, long timeout,
			TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
		return this.delegate.invokeAny(carryAll(tasks), timeout, unit);
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

	// ExecutorService has a close() of its own since JDK 19, with a default that would
	// wait for
	// ever for a delegate that closes differently, as the common pool does.
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

	private <T extends @Nullable Object> List<Callable<T>> carryAll(Collection<? extends Callable<T>> tasks) {
		Objects.requireNonNull(tasks, "'tasks' must not be null");
		List<Callable<T>> carried = new ArrayList<>(tasks.size());
		for (Callable<T> task : tasks) {
			carried.add(this.policy.carry(requireTask(task)));
		}
		return carried;
	}

}

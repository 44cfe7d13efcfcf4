package io.github.contextvars.spring.resilience;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * {@link ExecutorService} that runs each task of a circuit breaker on another one, in a
 * copy of the caller's context.
 */
final class ContextPropagatingExecutorService extends AbstractExecutorService {

	private final ExecutorService delegate;

	private final Supplier<WorkRegistry> workRegistry;

	ContextPropagatingExecutorService(ExecutorService delegate, Supplier<WorkRegistry> workRegistry) {
		this.delegate = delegate;
		this.workRegistry = workRegistry;
	}

	@Override
	public void execute(Runnable task) {
		this.delegate.execute(capture().wrap(task));
	}

	// As circuit breakers do. The delegate decides what cancelling the future means.
	@Override
	public <T extends @Nullable Object> Future<T> submit(Callable<T> task) {
		return this.delegate.submit(capture().wrap(task));
	}

	private WorkSnapshot capture() {
		return this.workRegistry.get().capture(UnitOfWork.Kind.TASK, () -> "circuit breaker");
	}

	@Override
	public void shutdown() {
		this.delegate.shutdown();
	}

	@Override
	public List<Runnable> shutdownNow() {
		return this.delegate.shutdownNow();
	}

	@Override
	public boolean isShutdown() {
		return this.delegate.isShutdown();
	}

	@Override
	public boolean isTerminated() {
		return this.delegate.isTerminated();
	}

	@Override
	public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
		return this.delegate.awaitTermination(timeout, unit);
	}

}

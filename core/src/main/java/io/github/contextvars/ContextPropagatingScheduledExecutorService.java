package io.github.contextvars;

import java.util.concurrent.Callable;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * {@link ContextPropagatingExecutor} for a {@link ScheduledExecutorService}. Periodic
 * tasks are wrapped once, because each run of a wrapped task has a fresh copy.
 */
final class ContextPropagatingScheduledExecutorService
		extends ContextPropagatingExecutorService<ScheduledExecutorService> implements ScheduledExecutorService {

	ContextPropagatingScheduledExecutorService(ScheduledExecutorService delegate, PropagationPolicy policy) {
		super(delegate, policy);
	}

	@Override
	public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
		return this.delegate.schedule(this.policy.wrap(requireTask(task)), delay, unit);
	}

	@Override
	public <V extends @Nullable Object> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
		return this.delegate.schedule(this.policy.wrap(requireTask(task)), delay, unit);
	}

	@Override
	public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, long initialDelay, long period, TimeUnit unit) {
		return this.delegate.scheduleAtFixedRate(this.policy.wrap(requireTask(task)), initialDelay, period, unit);
	}

	@Override
	public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, long initialDelay, long delay, TimeUnit unit) {
		return this.delegate.scheduleWithFixedDelay(this.policy.wrap(requireTask(task)), initialDelay, delay, unit);
	}

}

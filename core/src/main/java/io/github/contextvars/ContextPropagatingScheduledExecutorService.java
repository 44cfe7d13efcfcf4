package io.github.contextvars;

import java.util.concurrent.Callable;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * {@link ContextPropagatingExecutor} for a {@link ScheduledExecutorService}. Periodic
 * work needs nothing of its own: what a policy carries runs in a fresh copy each time.
 */
final class ContextPropagatingScheduledExecutorService
		extends ContextPropagatingExecutorService<ScheduledExecutorService> implements ScheduledExecutorService {

	ContextPropagatingScheduledExecutorService(ScheduledExecutorService delegate, PropagationPolicy policy) {
		super(delegate, policy);
	}

	@Override
	public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
		return this.delegate.schedule(this.policy.carry(requireTask(task)), delay, unit);
	}

	@Override
	public <V extends @Nullable Object> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
		return this.delegate.schedule(this.policy.carry(requireTask(task)), delay, unit);
	}

	@Override
	public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, long initialDelay, long period, TimeUnit unit) {
		return this.delegate.scheduleAtFixedRate(this.policy.carry(requireTask(task)), initialDelay, period, unit);
	}

	@Override
	public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, long initialDelay, long delay, TimeUnit unit) {
		return this.delegate.scheduleWithFixedDelay(this.policy.carry(requireTask(task)), initialDelay, delay, unit);
	}

}

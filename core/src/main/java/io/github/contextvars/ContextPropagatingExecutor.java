package io.github.contextvars;

import java.util.Objects;
import java.util.concurrent.Executor;

/**
 * {@link Executor} that passes tasks on to another one, wrapped as a
 * {@link PropagationPolicy} decides.
 *
 * @param <E> the type of the executor
 */
sealed class ContextPropagatingExecutor<E extends Executor> implements Executor
		permits ContextPropagatingExecutorService {

	final E delegate;

	final PropagationPolicy policy;

	ContextPropagatingExecutor(E delegate, PropagationPolicy policy) {
		this.delegate = delegate;
		this.policy = policy;
	}

	/**
	 * Return whether an executor already has a policy.
	 * @param executor the executor, wrapped or not
	 * @param policy the policy
	 * @return whether wrapping the executor in the policy would change nothing
	 */
	static boolean hasPolicy(Executor executor, PropagationPolicy policy) {
		return executor instanceof ContextPropagatingExecutor<?> other && other.policy.equals(policy);
	}

	@Override
	public final void execute(Runnable task) {
		this.delegate.execute(this.policy.wrap(requireTask(task)));
	}

	@Override
	public final String toString() {
		return "ContextExecutors[" + this.delegate + "]";
	}

	static <T> T requireTask(T task) {
		return Objects.requireNonNull(task, "'task' must not be null");
	}

}

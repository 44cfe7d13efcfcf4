package io.github.contextvars;

import java.util.Objects;
import java.util.concurrent.Executor;

/**
 * Hands tasks on to an executor, each in the context that a policy says.
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
	 * Whether wrapping an executor in a policy would wrap it twice.
	 * @param executor the executor, wrapped or not
	 * @param policy the policy
	 * @return whether the executor has the policy already
	 */
	static boolean has(Executor executor, PropagationPolicy policy) {
		return executor instanceof ContextPropagatingExecutor<?> carrying && carrying.policy.equals(policy);
	}

	@Override
	public final void execute(Runnable task) {
		this.delegate.execute(this.policy.carry(requireTask(task)));
	}

	@Override
	public final String toString() {
		return "ContextExecutors[" + this.delegate + "]";
	}

	static <T> T requireTask(T task) {
		return Objects.requireNonNull(task, "'task' must not be null");
	}

}

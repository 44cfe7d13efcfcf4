package io.github.contextvars;

import java.util.concurrent.Callable;

import org.jspecify.annotations.Nullable;

/**
 * Which context a task that is handed to an executor runs in. Policies that are equal
 * make no difference when applied one after the other.
 */
sealed interface PropagationPolicy {

	Runnable carry(Runnable task);

	<V extends @Nullable Object> Callable<V> carry(Callable<V> task);

	/**
	 * A copy of the submitter's context, taken when the task is handed over.
	 */
	record Capture() implements PropagationPolicy {

		@Override
		public Runnable carry(Runnable task) {
			return Context.copyOfCurrent().wrap(task);
		}

		@Override
		public <V extends @Nullable Object> Callable<V> carry(Callable<V> task) {
			return Context.copyOfCurrent().wrapCallable(task);
		}

	}

	/**
	 * A copy of one context's values, the same for all tasks.
	 *
	 * @param values a context that nobody enters
	 */
	record Fixed(Context values) implements PropagationPolicy {

		@Override
		public Runnable carry(Runnable task) {
			return this.values.wrap(task);
		}

		@Override
		public <V extends @Nullable Object> Callable<V> carry(Callable<V> task) {
			return this.values.wrapCallable(task);
		}

		@Override
		public boolean equals(@Nullable Object other) {
			return other instanceof Fixed fixed && fixed.values.state() == this.values.state();
		}

		@Override
		public int hashCode() {
			return System.identityHashCode(this.values.state());
		}

	}

	/**
	 * One very context, entered by each task in turn.
	 *
	 * @param context the context
	 */
	record Within(Context context) implements PropagationPolicy {

		@Override
		public Runnable carry(Runnable task) {
			return () -> this.context.run(task);
		}

		@Override
		public <V extends @Nullable Object> Callable<V> carry(Callable<V> task) {
			return () -> this.context.<V, Exception>call(task::call);
		}

		@Override
		@SuppressWarnings("ReferenceEquality") // contexts are equal by content
		public boolean equals(@Nullable Object other) {
			return other instanceof Within within && within.context == this.context;
		}

		@Override
		public int hashCode() {
			return System.identityHashCode(this.context);
		}

	}

}

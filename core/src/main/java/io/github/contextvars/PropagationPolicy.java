package io.github.contextvars;

import java.util.concurrent.Callable;

import org.jspecify.annotations.Nullable;

/**
 * Strategy that decides which context a submitted task runs in. Applying an equal policy
 * a second time changes nothing.
 */
sealed interface PropagationPolicy {

	Runnable wrap(Runnable task);

	<V extends @Nullable Object> Callable<V> wrap(Callable<V> task);

	/**
	 * Policy to run a task in a copy of the submitter's context, taken at submission.
	 */
	record Capture() implements PropagationPolicy {

		@Override
		public Runnable wrap(Runnable task) {
			return HandOver.capture().wrap(task);
		}

		@Override
		public <V extends @Nullable Object> Callable<V> wrap(Callable<V> task) {
			return HandOver.capture().wrapCallable(task);
		}

	}

	/**
	 * Policy to run each task in a fresh copy of the same values.
	 *
	 * @param values a context that is never entered
	 */
	record Fixed(Context values) implements PropagationPolicy {

		@Override
		public Runnable wrap(Runnable task) {
			return this.values.wrap(task);
		}

		@Override
		public <V extends @Nullable Object> Callable<V> wrap(Callable<V> task) {
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
	 * Policy to run all tasks in one context, one after the other.
	 *
	 * @param context the context
	 */
	record Within(Context context) implements PropagationPolicy {

		@Override
		public Runnable wrap(Runnable task) {
			return () -> this.context.run(task);
		}

		@Override
		public <V extends @Nullable Object> Callable<V> wrap(Callable<V> task) {
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

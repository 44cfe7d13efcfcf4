package io.github.contextvars.test;

import io.github.contextvars.Context;

/**
 * Entrance to AssertJ assertions about contexts and the calling thread. May be imported
 * statically beside AssertJ's own.
 *
 * @since 0.1.0
 */
public final class ContextAssertions {

	private ContextAssertions() {
	}

	/**
	 * Create an assertion about a context.
	 * @param actual the context, which may be entered by any thread
	 * @return an assertion
	 */
	public static ContextAssert assertThat(Context actual) {
		return new ContextAssert(actual);
	}

	/**
	 * Create an assertion about the context that the calling thread is in.
	 * @return an assertion about what variables have there at this moment
	 */
	public static ContextAssert assertThatCurrentContext() {
		return new ContextAssert(Context.copyOfCurrent()).as("current context of thread '%s'",
				Thread.currentThread().getName());
	}

	/**
	 * Verify that the calling thread is in no context.
	 * @throws AssertionError if it is in one
	 */
	public static void assertThatThreadIsInNoContext() {
		int depth = Context.depth();
		if (depth > 0) {
			throw new AssertionError("Thread '" + Thread.currentThread().getName() + "' is in "
					+ ((depth == 1) ? "a context" : depth + " contexts") + ", the innermost of which is "
					+ Context.copyOfCurrent());
		}
	}

}

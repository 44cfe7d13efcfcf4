package io.github.contextvars.testsupport;

/**
 * Where random tests begin: {@code -Dcontextvars.seed=…} repeats a run.
 */
public final class Seeds {

	private Seeds() {
	}

	public static long seed() {
		return Long.getLong("contextvars.seed", System.nanoTime());
	}

}

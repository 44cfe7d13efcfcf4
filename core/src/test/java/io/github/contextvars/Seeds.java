package io.github.contextvars;

/**
 * Where random tests begin: {@code -Dcontextvars.seed=…} repeats a run.
 */
final class Seeds {

	private Seeds() {
	}

	static long seed() {
		return Long.getLong("contextvars.seed", System.nanoTime());
	}

}

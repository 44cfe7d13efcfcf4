package io.github.contextvars.testsupport;

/**
 * Seeds of random tests.
 */
public final class Seeds {

	private Seeds() {
	}

	/**
	 * Return the seed of this run.
	 * @return the system property {@code contextvars.seed}, which repeats a run, or a new
	 * seed
	 */
	public static long seed() {
		return Long.getLong("contextvars.seed", System.nanoTime());
	}

}

package io.github.contextvars.demo;

import java.util.concurrent.TimeUnit;

/**
 * Pause that a client can ask for, so that slow work can be watched while it runs.
 *
 * @param seconds the length of the pause in seconds
 */
record Pause(int seconds) {

	private static final int MAX_SECONDS = 10;

	/**
	 * Create a pause of the length that a client has asked for.
	 * @param seconds the length of the pause in seconds
	 * @return the pause
	 * @throws ProblemException with status 400 if the length is negative or too long
	 */
	static Pause require(int seconds) {
		if (seconds < 0 || seconds > MAX_SECONDS) {
			throw ProblemException.badRequest("Parameter 'seconds' must be 0 to " + MAX_SECONDS);
		}
		return new Pause(seconds);
	}

	void take() {
		try {
			TimeUnit.SECONDS.sleep(this.seconds);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}

package io.github.contextvars.demo;

import java.util.concurrent.TimeUnit;

/**
 * Makes work slow where a client asks for that, so that somebody can watch it run.
 *
 * @param seconds how long it takes
 */
record Pause(int seconds) {

	private static final int MAX_SECONDS = 10;

	/**
	 * Create a pause of the length that a client asks for.
	 * @param seconds how long it is to take
	 * @return the pause
	 * @throws Rejection with status 400 if it is too long
	 */
	static Pause require(int seconds) {
		if (seconds < 0 || seconds > MAX_SECONDS) {
			throw Rejection.badRequest("Parameter 'seconds' must be 0 to " + MAX_SECONDS);
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

package io.github.contextvars;

import org.junit.jupiter.api.Test;

import io.github.contextvars.testsupport.LogCapture;
import io.github.contextvars.testsupport.Seeds;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Random operations against a model made of hash maps, on several threads that take
 * turns. One seed is always the same, so that what fails there fails for everybody; the
 * other one is new each time, is printed on failure, and {@code -Dcontextvars.seed=…}
 * repeats it.
 */
class ModelTests {

	private static final int THREADS = 4;

	@Test
	void randomOperationsWhenSeedIsFixedShowNoDifference() throws Exception {
		play(6, 100_000);
	}

	@Test
	void randomOperationsWhenSeedIsNewShowNoDifference() throws Exception {
		play(Seeds.seed(), 500_000);
	}

	private void play(long seed, int operations) throws Exception {
		try (LogCapture log = LogCapture.open()) {
			int played = new ModelGame(seed, operations, log).play(THREADS);

			assertThat(played).as("seed %d", seed).isEqualTo(operations);
		}
	}

}

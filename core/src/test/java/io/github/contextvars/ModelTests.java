package io.github.contextvars;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import io.github.contextvars.testsupport.LogCapture;
import io.github.contextvars.testsupport.Seeds;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests with random operations, compared with a model of hash maps, on several threads
 * that take turns. One seed is fixed, so that a failure can be reproduced. The other one
 * is new each time and printed on failure; {@code -Dcontextvars.seed=…} repeats it.
 */
class ModelTests {

	private static final int THREADS = 4;

	@Test
	void randomOperationsWhenSeedIsFixedMatchTheModel() throws Exception {
		play(6, 100_000);
	}

	@Test
	void randomOperationsWhenSeedIsNewMatchTheModel() throws Exception {
		play(Seeds.seed(), 100_000);
	}

	@Test
	@Tag("stress")
	void randomOperationsWhenThereAreManyMatchTheModel() throws Exception {
		play(Seeds.seed(), 1_000_000);
	}

	private void play(long seed, int operations) throws Exception {
		try (LogCapture log = LogCapture.open()) {
			int played = new ModelGame(seed, operations, log).play(THREADS);

			assertThat(played).as("seed %d", seed).isEqualTo(operations);
		}
	}

}

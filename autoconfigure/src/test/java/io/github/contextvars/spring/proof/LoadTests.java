package io.github.contextvars.spring.proof;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import io.github.contextvars.spring.testing.Threading;

/**
 * Load of which a part goes wrong in every way there is: no value in the wrong place,
 * none lost, no thread handed back in a context. {@code -Dproof.seed=…} repeats a run,
 * {@code -Dproof.requests=…} sets its size for all kinds of threads together.
 */
class LoadTests {

	private static final long SEED = Long.getLong("proof.seed", System.nanoTime());

	private static final int REQUESTS = Integer.getInteger("proof.requests", 50_000);

	@Test
	void platformThreadsMixNothingUp() throws Exception {
		run(Threading.PLATFORM, REQUESTS / (int) Threading.available().count());
	}

	@Test
	void virtualThreadsMixNothingUp() throws Exception {
		Assumptions.assumeTrue(Threading.available().anyMatch((kind) -> kind == Threading.VIRTUAL),
				"virtual threads come with JDK 21: skipped");

		run(Threading.VIRTUAL, REQUESTS / 2);
	}

	/**
	 * Only with {@code -Dproof.hours=…}: what is left after each collection stays the
	 * same.
	 */
	@Test
	void soakLeavesHeapFlat() throws Exception {
		double hours = Double.parseDouble(System.getProperty("proof.hours", "0"));
		Assumptions.assumeTrue(hours > 0, "-Dproof.hours is not set: skipped");
		long end = System.nanoTime() + (long) (hours * TimeUnit.HOURS.toNanos(1));
		HeapTrend heap = new HeapTrend();
		try (Load load = Load.start(Threading.PLATFORM, SEED)) {
			int sent = 0;
			for (; System.nanoTime() < end; sent += 10_000) {
				load.send(10_000);
				heap.sample();
			}
			load.report("a soak of " + sent + " requests, seed " + SEED + ", heap " + heap);
			load.assertClean();
			heap.assertFlat();
		}
	}

	/**
	 * Enough for a bug that shows with every request of a kind.
	 */
	static void runSmall() throws Exception {
		run(Threading.PLATFORM, 500);
	}

	private static void run(Threading threading, int requests) throws Exception {
		long start = System.nanoTime();
		try (Load load = Load.start(threading, SEED)) {
			load.send(requests);
			load.report(requests + " requests on " + threading + " threads, seed " + SEED + ", "
					+ Duration.ofNanos(System.nanoTime() - start).toSeconds() + " s");
			load.assertClean();
			load.assertEverythingHappened(requests);
		}
	}

}

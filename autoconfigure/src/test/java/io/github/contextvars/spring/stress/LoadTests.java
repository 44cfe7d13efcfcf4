package io.github.contextvars.spring.stress;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.contextvars.testsupport.Threading;

/**
 * Load, a part of which fails in every known way: no value is seen in the wrong place,
 * none is lost, and no thread is left in a context. {@code -Dstress.seed=…} repeats the
 * choices of a run, {@code -Dstress.requests=…} sets its size for all kinds of threads
 * together.
 */
@Tag("stress")
class LoadTests {

	private static final long SEED = Long.getLong("stress.seed", System.nanoTime());

	private static final int REQUESTS = Integer.getInteger("stress.requests", 50_000);

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
	 * Soak of {@code -Dstress.hours=…}, for all kinds of threads together: what is left
	 * after each collection stays the same. Skipped if not set.
	 */
	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void soakLeavesHeapFlat(Threading threading) throws Exception {
		double hours = Double.parseDouble(System.getProperty("stress.hours", "0"));
		Assumptions.assumeTrue(hours > 0, "-Dstress.hours is not set: skipped");
		double share = hours / Threading.available().count();
		long end = System.nanoTime() + (long) (share * TimeUnit.HOURS.toNanos(1));

		soak(threading, 5_000, (sent) -> System.nanoTime() < end);
	}

	/**
	 * Send enough for a fault that every request of a kind shows.
	 */
	static void runSmall(Threading threading) throws Exception {
		run(threading, 500);
	}

	private static void soak(Threading threading, int atATime, IntPredicate goesOn) throws Exception {
		HeapTrend heap = new HeapTrend();
		try (Load load = Load.start(threading, SEED)) {
			int sent = 0;
			for (; goesOn.test(sent); sent += atATime) {
				load.send(atATime);
				heap.sample();
			}
			load.report(
					"a soak of " + sent + " requests on " + threading + " threads, seed " + SEED + ", heap " + heap);
			load.assertClean();
			load.assertEverythingHappened(sent);
			heap.assertFlat();
		}
	}

	/**
	 * Send enough for contexts that are retained.
	 */
	static void soakSmall() throws Exception {
		soak(Threading.PLATFORM, 1_000, (sent) -> sent < 16_000);
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

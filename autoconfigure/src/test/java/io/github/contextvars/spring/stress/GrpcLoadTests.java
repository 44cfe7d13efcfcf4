package io.github.contextvars.spring.stress;

import java.time.Duration;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.contextvars.testsupport.Threading;

/**
 * Load of a gRPC server, a part of which fails: no value is seen in the wrong call, none
 * is lost, and no thread is left in a context. {@code -Dstress.seed=…} repeats the
 * choices of a run, {@code -Dstress.calls=…} sets its size for all kinds of threads
 * together.
 */
@Tag("stress")
class GrpcLoadTests {

	private static final long SEED = Long.getLong("stress.seed", System.nanoTime());

	private static final int CALLS = Integer.getInteger("stress.calls", 80_000);

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void callsMixNothingUp(Threading threading) throws Exception {
		run(threading, CALLS / (int) Threading.available().count());
	}

	/**
	 * Send enough for a fault that every call of a kind shows.
	 */
	static void runSmall(Threading threading) throws Exception {
		run(threading, 400);
	}

	private static void run(Threading threading, int calls) throws Exception {
		long start = System.nanoTime();
		try (GrpcLoad load = GrpcLoad.start(threading, SEED)) {
			load.send(calls);
			load.report(calls + " calls on " + threading + " threads, seed " + SEED + ", "
					+ Duration.ofNanos(System.nanoTime() - start).toSeconds() + " s");
			load.assertClean();
			load.assertEverythingHappened(calls);
		}
	}

}

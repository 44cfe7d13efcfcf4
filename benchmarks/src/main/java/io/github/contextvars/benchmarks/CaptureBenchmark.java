package io.github.contextvars.benchmarks;

import org.openjdk.jmh.annotations.Benchmark;

import io.github.contextvars.benchmarks.peers.ContextVars;
import io.github.contextvars.benchmarks.peers.Grpc;
import io.github.contextvars.benchmarks.peers.Mdc;
import io.github.contextvars.benchmarks.peers.Micrometer;
import io.github.contextvars.benchmarks.peers.OpenTelemetry;
import io.github.contextvars.benchmarks.peers.TransmittableThreadLocals;

/**
 * Benchmark that captures all variables, switches to what was captured, runs an empty
 * task, and switches back.
 */
public class CaptureBenchmark extends Timed {

	private static final Runnable NOTHING = () -> {
	};

	@Benchmark
	public void contextVars(ContextVars peer) {
		peer.captureAndRun(NOTHING);
	}

	@Benchmark
	public Object openTelemetry(OpenTelemetry peer) {
		return peer.captureAndRun(NOTHING);
	}

	@Benchmark
	public Object grpc(Grpc peer) {
		return peer.captureAndRun(NOTHING);
	}

	@Benchmark
	public void micrometer(Micrometer peer) {
		peer.captureAndRun(NOTHING);
	}

	@Benchmark
	public void transmittable(TransmittableThreadLocals peer) {
		peer.captureAndRun(NOTHING);
	}

	@Benchmark
	public void mdc(Mdc peer) {
		peer.captureAndRun(NOTHING);
	}

}

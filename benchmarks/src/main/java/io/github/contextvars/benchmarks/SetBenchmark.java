package io.github.contextvars.benchmarks;

import org.openjdk.jmh.annotations.Benchmark;

import io.github.contextvars.benchmarks.peers.ContextVars;
import io.github.contextvars.benchmarks.peers.Grpc;
import io.github.contextvars.benchmarks.peers.Mdc;
import io.github.contextvars.benchmarks.peers.OpenTelemetry;
import io.github.contextvars.benchmarks.peers.ThreadLocals;
import io.github.contextvars.benchmarks.peers.TransmittableThreadLocals;

/**
 * Benchmark that sets one variable after the other, and restores each.
 */
public class SetBenchmark extends Timed {

	@Benchmark
	public void contextVars(ContextVars peer) {
		peer.setAndRestore();
	}

	@Benchmark
	public void threadLocals(ThreadLocals peer) {
		peer.setAndRestore();
	}

	@Benchmark
	public void openTelemetry(OpenTelemetry peer) {
		peer.setAndRestore();
	}

	@Benchmark
	public void grpc(Grpc peer) {
		peer.setAndRestore();
	}

	@Benchmark
	public void transmittable(TransmittableThreadLocals peer) {
		peer.setAndRestore();
	}

	@Benchmark
	public void mdc(Mdc peer) {
		peer.setAndRestore();
	}

}

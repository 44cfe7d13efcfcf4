package io.github.contextvars.benchmarks;

import org.openjdk.jmh.annotations.Benchmark;

import io.github.contextvars.benchmarks.peers.ContextVars;
import io.github.contextvars.benchmarks.peers.Grpc;
import io.github.contextvars.benchmarks.peers.Mdc;
import io.github.contextvars.benchmarks.peers.OpenTelemetry;
import io.github.contextvars.benchmarks.peers.ThreadLocals;
import io.github.contextvars.benchmarks.peers.TransmittableThreadLocals;

/**
 * Benchmark that reads one variable after the other.
 */
public class ReadBenchmark extends Timed {

	@Benchmark
	public Object contextVars(ContextVars peer) {
		return peer.get();
	}

	@Benchmark
	public Object threadLocals(ThreadLocals peer) {
		return peer.get();
	}

	@Benchmark
	public Object openTelemetry(OpenTelemetry peer) {
		return peer.get();
	}

	@Benchmark
	public Object grpc(Grpc peer) {
		return peer.get();
	}

	@Benchmark
	public Object transmittable(TransmittableThreadLocals peer) {
		return peer.get();
	}

	@Benchmark
	public Object mdc(Mdc peer) {
		return peer.get();
	}

}

package io.github.contextvars.benchmarks;

import org.openjdk.jmh.annotations.Benchmark;

import io.github.contextvars.benchmarks.peers.ContextVars;
import io.github.contextvars.benchmarks.peers.ThreadLocals;

/**
 * Benchmark of a yield, which on a virtual thread unmounts the thread and mounts it
 * again: with variables that are {@code set}, and with {@code none}.
 */
public class YieldBenchmark extends Timed {

	@Benchmark
	public void contextVars(ContextVars peer) {
		Thread.yield();
	}

	@Benchmark
	public void threadLocals(ThreadLocals peer) {
		Thread.yield();
	}

}

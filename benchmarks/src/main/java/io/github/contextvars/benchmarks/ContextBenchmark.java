package io.github.contextvars.benchmarks;

import org.openjdk.jmh.annotations.Benchmark;

import io.github.contextvars.Context;
import io.github.contextvars.benchmarks.peers.ContextVars;

/**
 * Benchmark of the parts of capture and run, each alone, for their allocations.
 */
public class ContextBenchmark extends Timed {

	@Benchmark
	public Context copy(ContextVars contextVars) {
		return contextVars.copy();
	}

	@Benchmark
	public void run(ContextVars contextVars) {
		contextVars.run();
	}

	@Benchmark
	public void enterAndLeave(ContextVars contextVars) {
		contextVars.enterAndLeave();
	}

}

package io.github.contextvars.benchmarks;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that every benchmark runs, each once and in this JVM.
 */
class BenchmarksTests {

	@Test
	void runOnceEachBenchmarkSucceeds() throws RunnerException {
		Set<String> ran = new TreeSet<>();
		new Runner(once("set")).run().forEach((result) -> ran.add(result.getParams().getBenchmark()));

		assertThat(ran).containsExactlyInAnyOrderElementsOf(all()).hasSizeGreaterThan(25);
	}

	@Test
	void runOnceReadsOfUnsetVariablesSucceed() throws RunnerException {
		assertThat(new Runner(once("unset", "none")).run()).isNotEmpty();
	}

	private static Options once(String... reads) {
		return new OptionsBuilder().include((reads.length == 1) ? ".*" : "ReadBenchmark")
			.mode(Mode.SingleShotTime)
			.warmupIterations(0)
			.measurementIterations(1)
			.forks(0)
			.param("variables", "10")
			.param("reads", reads)
			.shouldFailOnError(true)
			.verbosity(VerboseMode.SILENT)
			.build();
	}

	private static Set<String> all() {
		Set<String> all = new TreeSet<>();
		for (BenchmarkListEntry entry : BenchmarkList.defaultList()
			.getAll(OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of())) {
			all.add(entry.getUsername());
		}
		return all;
	}

}

package io.github.contextvars.benchmarks.report;

import java.nio.file.Path;
import java.util.function.UnaryOperator;

import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * All of JMH's runs, in rounds: what is compared is measured minutes apart within a
 * round, and again in the next one, so that a machine that changes its mood does not
 * favour one side.
 */
final class Suite {

	private static final String[] UP_TO_10000 = { "1", "10", "100", "1000", "10000" };

	private final Path results;

	private final int rounds;

	private final int iterations;

	private final TimeValue time;

	Suite(Path results, boolean quick) {
		this.results = results;
		this.rounds = quick ? 1 : 2;
		this.iterations = quick ? 2 : 6;
		this.time = TimeValue.milliseconds(quick ? 50 : 150);
	}

	void run() throws RunnerException {
		for (int round = 1; round <= this.rounds; round++) {
			run("read-" + round, (jmh) -> jmh.include("ReadBenchmark").param("reads", "set", "unset"));
			run("no-context-" + round,
					(jmh) -> jmh.include("ReadBenchmark").param("reads", "none").param("variables", "10"));
			if (Runtime.version().feature() >= 25) {
				run("scoped-value-" + round, (jmh) -> jmh.include("ScopedValueBenchmark"));
			}
			run("set-" + round, (jmh) -> jmh.include("\\.SetBenchmark"));
			run("capture-" + round, (jmh) -> jmh.include("CaptureBenchmark").param("variables", UP_TO_10000));
			run("context-" + round,
					(jmh) -> jmh.include("ContextBenchmark")
						.param("variables", UP_TO_10000)
						.addProfiler(GCProfiler.class));
			run("filter-" + round, (jmh) -> jmh.include("FilterBenchmark").addProfiler(GCProfiler.class));
			run("async-" + round, (jmh) -> jmh.include("AsyncBenchmark").addProfiler(GCProfiler.class));
			for (int threads = 1; threads <= 2; threads++) {
				int count = threads;
				run("threads-" + threads + "-" + round,
						(jmh) -> jmh.include("(ReadBenchmark|\\.SetBenchmark)\\.(contextVars|threadLocals)$")
							.include("CaptureBenchmark.contextVars")
							.param("variables", "10")
							.threads(count));
			}
			if (Runtime.version().feature() >= 21) {
				run("virtual-" + round, (jmh) -> jmh.include("ReadBenchmark.(contextVars|threadLocals|openTelemetry)")
					.jvmArgsAppend("-Xms512m", "-Xmx512m", "-Djmh.executor=VIRTUAL"));
				run("yield-" + round,
						(jmh) -> jmh.include("YieldBenchmark")
							.param("variables", "10")
							.param("reads", "set", "none")
							.jvmArgsAppend("-Xms512m", "-Xmx512m", "-Djmh.executor=VIRTUAL",
									// With more, the time depends on which thread takes
									// over.
									"-Djdk.virtualThreadScheduler.parallelism=1",
									"-Djdk.virtualThreadScheduler.maxPoolSize=1"));
			}
		}
	}

	private void run(String name, UnaryOperator<ChainedOptionsBuilder> what) throws RunnerException {
		new Runner(what
			.apply(new OptionsBuilder().forks(1)
				.warmupIterations(5)
				.warmupTime(this.time)
				.measurementIterations(this.iterations)
				.measurementTime(this.time)
				.shouldFailOnError(true)
				.resultFormat(ResultFormatType.JSON)
				.result(this.results.resolve("jmh-" + name + ".json").toString()))
			.build()).run();
	}

}

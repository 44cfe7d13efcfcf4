package io.github.contextvars.benchmarks.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class ResultsTests {

	private static final String RUN = """
			[ { "benchmark": "io.github.contextvars.benchmarks.ReadBenchmark.contextVars",
			    "params": { "variables": "10", "reads": "set" }, "primaryMetric": { "rawData": [ [ %s ] ] } } ]""";

	private static final String KEY = "ReadBenchmark.contextVars reads=set variables=10";

	@TempDir
	private Path directory;

	@Test
	void timeIsTheMedianOverRounds() throws IOException {
		leave("read-1", "1, 2");
		leave("read-2", "6, 7");

		assertThat(new Results(this.directory).time(KEY)).hasValue(4);
	}

	@Test
	void timeWhenMeasuredOnceMoreKeepsTheRunsApart() throws IOException {
		leave("read-1", "1");
		leave("threads-1-1", "10");
		leave("threads-2-1", "20");
		leave("virtual-1", "40");
		Results results = new Results(this.directory);

		assertThat(results.time(KEY)).hasValue(1);
		assertThat(results.time(KEY + " threads-1")).hasValue(10);
		assertThat(results.time(KEY + " threads-2")).hasValue(20);
		assertThat(results.time(KEY + " virtual")).hasValue(40);
	}

	private void leave(String run, String nanos) throws IOException {
		Files.writeString(this.directory.resolve("jmh-" + run + ".json"), RUN.formatted(nanos));
	}

}

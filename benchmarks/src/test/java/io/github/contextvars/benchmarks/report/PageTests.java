package io.github.contextvars.benchmarks.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import javax.xml.parsers.DocumentBuilderFactory;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class PageTests {

	private static final String RUN = """
			{ "benchmark": "io.github.contextvars.benchmarks.ReadBenchmark.%s",
			  "vmName": "VM", "vmVersion": "25", "params": { "variables": "%d", "reads": "set" },
			  "primaryMetric": { "rawData": [ [ %s ] ] } }""";

	@TempDir
	private Path directory;

	@BeforeEach
	void leaveResults() throws IOException {
		leave("read-1", RUN.formatted("contextVars", 1, "3.0, 4.0, 3.0") + "," + RUN.formatted("threadLocals", 1, "2.0")
				+ "," + RUN.formatted("openTelemetry", 1, "2.5"));
		leave("read-2", RUN.formatted("contextVars", 10, "1200.0"));
		Files.writeString(this.directory.resolve("performance.md"),
				"Before\n<!-- figures -->\nold\n<!-- /figures -->\nAfter\n");
	}

	@Test
	void writeReplacesWhatIsBetweenTheMarkers() throws IOException {
		new Page(new Results(this.directory)).write(this.directory);

		assertThat(this.directory.resolve("performance.md")).content()
			.startsWith("Before\n<!-- figures -->\n")
			.endsWith("<!-- /figures -->\nAfter\n")
			.doesNotContain("old")
			.contains("| contextvars | 3.0 | 1,200 | – | – |");
	}

	@Test
	void writeJudgesTargets() throws IOException {
		new Page(new Results(this.directory)).write(this.directory);

		assertThat(this.directory.resolve("performance.md")).content()
			.contains("times ThreadLocal, at the worst | ≤ 1.80 | 1.50 | met |")
			.contains("times OpenTelemetry, at the worst | ≤ 1 | 1.20 | **missed** |");
	}

	@Test
	void figuresWhenOneThreadIsMeasuredOnceMoreCompareTwoThreadsWithThat() throws IOException {
		leave("threads-1-1", RUN.formatted("contextVars", 10, "4.0") + "," + RUN.formatted("threadLocals", 10, "3.0"));
		leave("threads-2-1", RUN.formatted("contextVars", 10, "5.0") + "," + RUN.formatted("threadLocals", 10, "3.0"));

		assertThat(new Page(new Results(this.directory)).figures())
			.contains("two threads by one, read (ThreadLocal, read: 2.00) | ≥ 1.80 | 1.60 | **missed** |");
	}

	@Test
	void figuresJudgeTomcatByPairedRounds() throws IOException {
		assertThat(tomcat("1.1, 0.9, 1.0, 1.2", "1.1, 0.9, 1.0, 1.2")).contains("| 1.000 (1.000 to 1.000) | met |");
		assertThat(tomcat("1.1, 0.9, 1.0, 1.2", "1.122, 0.918, 1.02, 1.224"))
			.contains("| 1.020 (1.020 to 1.020) | **missed** |");
	}

	@Test
	void figuresWhenTomcatIsTooNoisyMissTheTarget() throws IOException {
		assertThat(tomcat("1.0, 1.0, 1.0, 1.0", "0.8, 0.9, 1.1, 1.2"))
			.contains("| 1.000 (0.800 to 1.200) | **missed** |");
	}

	@Test
	void figuresWhenYieldsWereMeasuredCompareThem() throws IOException {
		String yield = RUN.replace("ReadBenchmark", "YieldBenchmark");
		leave("yield-1", yield.formatted("contextVars", 10, "400.0") + ","
				+ yield.formatted("contextVars", 10, "320.0").replace("\"set\"", "\"none\""));

		assertThat(new Page(new Results(this.directory)).figures())
			.contains("unmount and mount in a context: times outside | ≤ 1.10 | 1.25 | **missed** |")
			.contains("| in a context of 10 variables | 400 |");
	}

	@Test
	void writeDrawsPlotsWithTheLongestBarForTheSlowest() throws Exception {
		new Page(new Results(this.directory)).write(this.directory);

		Document svg = DocumentBuilderFactory.newInstance()
			.newDocumentBuilder()
			.parse(this.directory.resolve("performance-read.svg").toFile());
		assertThat(svg.getElementsByTagName("rect").getLength()).isEqualTo(1 + 4);
		assertThat(this.directory.resolve("performance-read.svg")).content().contains(">3.0<").contains(">1,200<");
		assertThat(this.directory.resolve("performance-set.svg")).doesNotExist();
	}

	@Test
	void writeWhenThereAreNoMarkersThrows() throws IOException {
		Files.writeString(this.directory.resolve("performance.md"), "Nothing\n");
		Page page = new Page(new Results(this.directory));

		assertThatIllegalStateException().isThrownBy(() -> page.write(this.directory)).withMessageContaining("markers");
	}

	private String tomcat(String again, String starter) throws IOException {
		Files.writeString(this.directory.resolve("tomcat.json"), """
				{ "againstItself.requests": [ %1$s ], "starter.requests": [ %2$s ],
				  "againstItself.cpu": [ %1$s ], "starter.cpu": [ %2$s ] }""".formatted(again, starter));
		return new Page(new Results(this.directory)).figures();
	}

	private void leave(String run, String results) throws IOException {
		Files.writeString(this.directory.resolve("jmh-" + run + ".json"), "[" + results + "]");
	}

}

package io.github.contextvars.benchmarks.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import tools.jackson.databind.JsonNode;

/**
 * Writer of {@code docs/project/performance.md}: replaces the tables between its markers,
 * and draws the plots beside it.
 */
final class Page {

	private static final Pattern BETWEEN_MARKERS = Pattern.compile("(<!-- figures -->\n).*(<!-- /figures -->)",
			Pattern.DOTALL);

	private static final String RULES = """

			How the targets were judged where they leave it open:

			- 3: flat is within 25 %, as in 2.
			- 4: entering is measured on a thread that is already in a context. The first context of a thread allocates.
			- 5: neighbouring variables were declared one after the other. Other contexts are under Contexts.
			- 6: the limit is 0.9 of what a second thread gives a `ThreadLocal`'s read in the same run.
			- 7, Tomcat: each round with the starter is divided by the same application's second server beside it. The
			  95 % interval of the median of these ratios must contain 1 and be at most 0.1 wide. On a noisier machine
			  the target is missed. A difference within the interval cannot be excluded.
			- 8: the median in milliseconds or that of the ratios must be within its limit.
			- 9: medians within 10 % of each other are equal. Bytes are without the threads' stacks.""";

	private final Results results;

	private final StringBuilder markdown = new StringBuilder();

	Page(Results results) {
		this.results = results;
	}

	void write(Path docs) throws IOException {
		Path file = docs.resolve("performance.md");
		Matcher page = BETWEEN_MARKERS.matcher(Files.readString(file));
		if (!page.find()) {
			throw new IllegalStateException(file + " has no markers to write between");
		}
		Files.writeString(file, page.replaceFirst("$1" + Matcher.quoteReplacement(figures()) + "$2"));
		plot(docs, "read", "Reading a variable", peers("ReadBenchmark", "", "set"));
		plot(docs, "capture", "Capturing all variables and running a task with them", captures());
		plot(docs, "async", "A call of an @Async method, from the caller to its end", new AsyncCalls(this.results));
		JsonNode startUp = this.results.of("startup").orElse(null);
		if (startUp != null) {
			Files.writeString(docs.resolve("performance-startup.svg"), BarPlot.drawLinear("Start of a web application",
					"Milliseconds from the start of the JVM", new StartUpFigures(startUp)));
		}
	}

	String figures() throws IOException {
		this.markdown.setLength(0);
		line("\nMeasured on " + LocalDate.now() + ": " + machine() + "; " + this.results.jvm() + ".");
		line("\n### Targets\n\n| | limit | measured | |\n|---|---|---|---|");
		for (Targets.Target target : Targets.of(this.results)) {
			line("| " + target.name() + " | " + target.limit() + " | " + target.figure() + " | "
					+ (target.met() ? "met" : "**missed**") + " |");
		}
		line(RULES);
		table("Reading variables that are set, ns", peers("ReadBenchmark", "", "set"));
		table("Reading variables that are not set, beside as many that are, ns", peers("ReadBenchmark", "", "unset"));
		table("Reading on a virtual thread, ns", peers("ReadBenchmark", " virtual", "set"));
		table("Reading where nothing was set or entered, ns", new Peers(this.results, "ReadBenchmark", "", "none", 10));
		yields();
		table("Setting and restoring, ns", peers("SetBenchmark", "", "set"));
		table("Capturing, and running a task that does nothing, ns", captures());
		context();
		filter();
		calls();
		web();
		return this.markdown.append('\n').toString();
	}

	private Peers peers(String benchmark, String suffix, String reads) {
		return new Peers(this.results, benchmark, suffix, reads, 1, 10, 100, 1000);
	}

	private Peers captures() {
		return new Peers(this.results, "CaptureBenchmark", "", "set", 1, 10, 100, 1000, 10000);
	}

	private void table(String title, Peers peers) {
		Map<String, String> names = peers.names();
		if (names.isEmpty()) {
			return;
		}
		line("\n### " + title + "\n");
		line(Arrays.stream(peers.counts()).mapToObj(Peers::variables).collect(Collectors.joining(" | ", "| | ", " |")));
		line("|---" + "|--:".repeat(peers.counts().length) + "|");
		names.forEach((peer,
				name) -> line(Arrays.stream(peers.counts())
					.mapToObj((count) -> peers.time(peer, count))
					.map((time) -> time.isPresent() ? Peers.format(time.getAsDouble()) : "–")
					.collect(Collectors.joining(" | ", "| " + name + " | ", " |"))));
	}

	private void yields() {
		String key = "YieldBenchmark.%s variables=10";
		if (this.results.time(key.formatted("contextVars reads=set")).isPresent()) {
			line("\n### Unmounting and mounting a virtual thread, ns\n\n| | |\n|---|--:|");
			Map.of("1. nothing set or entered", "contextVars reads=none", "2. in a context of 10 variables",
					"contextVars reads=set", "3. with 10 `ThreadLocal`s", "threadLocals reads=set")
				.entrySet()
				.stream()
				.sorted(Map.Entry.comparingByKey())
				.forEach((entry) -> line("| " + entry.getKey().substring(3) + " | "
						+ format(this.results.time(key.formatted(entry.getValue()))) + " |"));
		}
	}

	private void context() throws IOException {
		line("\n### Contexts\n\n| | ns | bytes allocated |\n|---|--:|--:|");
		for (String operation : List.of("copy", "run", "enterAndLeave")) {
			for (int count : new int[] { 1, 10000 }) {
				String key = "ContextBenchmark." + operation + " reads=set variables=" + count;
				line("| " + operation + ", " + Peers.variables(count) + " | " + format(this.results.time(key)) + " | "
						+ format(this.results.allocation(key)) + " |");
			}
		}
		JsonNode memory = this.results.of("memory").orElse(null);
		if (memory != null) {
			line("\n10 variables keep, beyond themselves and the values:\n");
			memory.properties()
				.forEach((peer) -> line(
						"- " + peer.getKey() + ": " + Math.round(Targets.sum(peer.getValue())) + " bytes "
								+ peer.getValue()
									.properties()
									.stream()
									.map((entry) -> "`" + entry.getKey() + "` " + entry.getValue().asInt())
									.toList()));
		}
	}

	private void filter() {
		line("\n### The filter\n\n| a request through | ns | bytes allocated |\n|---|--:|--:|");
		Map<String, String> names = Map.of("noFilter", "1. no filter (the fakes)", "filterThatPassesOn",
				"2. a `OncePerRequestFilter` that only calls the chain", "untracked", "3. ours, without tracking",
				"tracked", "4. ours, with tracking", "trackedWithTenVariables",
				"5. ours, with tracking, 10 variables set");
		names.entrySet()
			.stream()
			.sorted(Map.Entry.comparingByValue())
			.forEach((entry) -> line("| " + entry.getValue().substring(3) + " | "
					+ format(this.results.time("FilterBenchmark." + entry.getKey())) + " | "
					+ format(this.results.allocation("FilterBenchmark." + entry.getKey())) + " |"));
	}

	private void calls() {
		AsyncCalls calls = new AsyncCalls(this.results);
		if (calls.names().isEmpty()) {
			return;
		}
		line("\n### Calls of `@Async` methods, with 10 variables\n\n| | ns | bytes allocated |\n|---|--:|--:|");
		calls.names()
			.forEach((peer, name) -> line("| " + name + " | " + format(calls.time(peer, 10)) + " | "
					+ format(calls.allocation(peer)) + " |"));
	}

	private void web() throws IOException {
		JsonNode tomcat = this.results.of("tomcat").orElse(null);
		if (tomcat != null) {
			line("\n### Tomcat under load\n\nMedians with their 95 % intervals, over "
					+ tomcat.path("starter.cpu").size() + " rounds.\n\n| | |\n|---|--:|");
			tomcat.properties()
				.stream()
				.map(Map.Entry::getKey)
				.sorted()
				.forEach((name) -> line("| " + name + " | "
						+ Targets.sample(tomcat, name).describe(name.startsWith("without") ? "%.1f" : "%.3f") + " |"));
		}
		JsonNode startUp = this.results.of("startup").orElse(null);
		if (startUp != null) {
			line("\n### Start-up\n\nMilliseconds over " + startUp.path("more").size() + " pairs: without the starter "
					+ Targets.sample(startUp, "without").describe("%.0f") + ", with it "
					+ Targets.sample(startUp, "more").describe("%.0f") + " more.");
		}
	}

	private static void plot(Path docs, String name, String title, Figures peers) throws IOException {
		if (!peers.names().isEmpty()) {
			Files.writeString(docs.resolve("performance-" + name + ".svg"), BarPlot.draw(title, peers));
		}
	}

	private static String machine() throws IOException {
		Path file = Path.of("/proc/cpuinfo");
		String model = Files.exists(file) ? Files.readString(file)
			.lines()
			.filter((line) -> line.startsWith("model name"))
			.map((line) -> line.substring(line.indexOf(':') + 2) + ", ")
			.findFirst()
			.orElse("") : "";
		return model + Runtime.getRuntime().availableProcessors() + " processors, " + System.getProperty("os.name")
				+ " " + System.getProperty("os.arch");
	}

	private static String format(OptionalDouble value) {
		return value.isPresent() ? Peers.format(value.getAsDouble()) : "–";
	}

	private void line(String text) {
		this.markdown.append(text).append('\n');
	}

}

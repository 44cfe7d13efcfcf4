package io.github.contextvars.benchmarks.report;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the runs have left behind: JMH's JSON, and that of the other programs.
 */
final class Results {

	private static final JsonMapper JSON = new JsonMapper();

	// Runs that measure once more what others did too, under keys of their own.
	private static final Pattern ONCE_MORE = Pattern.compile("jmh-(threads-\\d|virtual)-.*");

	private final Path directory;

	// By key, as 'ReadBenchmark.contextVars reads=set variables=10': one value for each
	// iteration of every round.
	private final Map<String, List<Double>> times = new TreeMap<>();

	private final Map<String, List<Double>> allocations = new TreeMap<>();

	private String jvm = "";

	Results(Path directory) throws IOException {
		this.directory = directory;
		try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "jmh-*.json")) {
			for (Path file : files) {
				// JMH creates the file before it has anything to write.
				if (Files.size(file) > 0) {
					Matcher onceMore = ONCE_MORE.matcher(file.getFileName().toString());
					String suffix = onceMore.matches() ? " " + onceMore.group(1) : "";
					JSON.readTree(Files.readString(file)).forEach((run) -> add(run, suffix));
				}
			}
		}
	}

	/**
	 * Return the median of a benchmark in nanoseconds.
	 * @param key the benchmark's class, method and parameters, and {@code threads-1},
	 * {@code threads-2} or {@code virtual} for the runs of that name
	 * @return the median, or nothing if it was not run
	 */
	OptionalDouble time(String key) {
		return median(this.times.get(key));
	}

	OptionalDouble allocation(String key) {
		return median(this.allocations.get(key));
	}

	String jvm() {
		return this.jvm;
	}

	/**
	 * Return what another program than JMH has measured.
	 * @param name the program
	 * @return its result, or nothing if it was not run
	 */
	Optional<JsonNode> of(String name) throws IOException {
		Path file = this.directory.resolve(name + ".json");
		return Files.exists(file) ? Optional.of(JSON.readTree(Files.readString(file))) : Optional.empty();
	}

	static void write(Path directory, String name, Object result) throws IOException {
		Files.createDirectories(directory);
		Files.writeString(directory.resolve(name + ".json"),
				JSON.writerWithDefaultPrettyPrinter().writeValueAsString(result));
	}

	private void add(JsonNode run, String suffix) {
		String key = key(run) + suffix;
		this.jvm = run.path("vmName").asString() + " " + run.path("vmVersion").asString();
		addTo(this.times, key, run.path("primaryMetric"));
		run.path("secondaryMetrics").properties().forEach((metric) -> {
			if (metric.getKey().endsWith("gc.alloc.rate.norm")) {
				addTo(this.allocations, key, metric.getValue());
			}
		});
	}

	private static String key(JsonNode run) {
		String name = run.path("benchmark").asString();
		StringBuilder key = new StringBuilder(name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1));
		Map<String, String> parameters = new TreeMap<>();
		run.path("params").properties().forEach((one) -> parameters.put(one.getKey(), one.getValue().asString()));
		parameters.forEach((parameter, value) -> key.append(' ').append(parameter).append('=').append(value));
		return key.toString();
	}

	private static void addTo(Map<String, List<Double>> map, String key, JsonNode metric) {
		List<Double> values = map.computeIfAbsent(key, (name) -> new ArrayList<>());
		metric.path("rawData").forEach((fork) -> fork.forEach((value) -> values.add(value.asDouble())));
	}

	private static OptionalDouble median(List<Double> values) {
		return (values != null) ? OptionalDouble.of(Sample.of(values).median()) : OptionalDouble.empty();
	}

}

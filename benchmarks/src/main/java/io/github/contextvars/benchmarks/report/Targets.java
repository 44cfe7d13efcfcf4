package io.github.contextvars.benchmarks.report;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

import tools.jackson.databind.JsonNode;

/**
 * What must be reached, and whether it is. A target whose figures are not there is left
 * out.
 */
final class Targets {

	private static final int[] COUNTS = { 1, 10, 100, 1000 };

	private static final int[] UP_TO_10000 = { 1, 10, 100, 1000, 10000 };

	private final Results results;

	private final List<Target> targets = new ArrayList<>();

	private Targets(Results results) {
		this.results = results;
	}

	static List<Target> of(Results results) throws IOException {
		Targets targets = new Targets(results);
		targets.reading("set");
		targets.reading("unset");
		targets.setting();
		targets.capturing();
		targets.memory();
		targets.threads();
		targets.web();
		targets.virtualThreads();
		return targets.targets;
	}

	private void reading(String reads) {
		String get = "1. read, " + reads + ": ";
		IntFunction<OptionalDouble> ours = time("ReadBenchmark.contextVars reads=" + reads);
		atMost(get + "times ThreadLocal, at the worst", 1.8,
				worst(COUNTS, ours, time("ReadBenchmark.threadLocals reads=" + reads)));
		atMost(get + "times OpenTelemetry, at the worst", 1,
				worst(COUNTS, ours, time("ReadBenchmark.openTelemetry reads=" + reads)));
		atMost(get + "slowest by fastest, 1 to 1,000 variables", 1.15, spread(COUNTS, ours));
	}

	private void setting() {
		IntFunction<OptionalDouble> ours = time("SetBenchmark.contextVars reads=set");
		IntFunction<OptionalDouble> theirs = time("SetBenchmark.openTelemetry reads=set");
		atMost("2. set + reset: times OpenTelemetry, 1 variable", 1, ratio(ours.apply(1), theirs.apply(1)));
		atMost("2. set + reset: times OpenTelemetry, 100 variables", 0.22, ratio(ours.apply(100), theirs.apply(100)));
		atMost("2. set + reset: slowest by fastest, 1 to 1,000 variables", 1.25, spread(COUNTS, ours));
	}

	private void capturing() {
		String capture = "3. capture + run: ";
		IntFunction<OptionalDouble> ours = time("CaptureBenchmark.contextVars reads=set");
		IntFunction<OptionalDouble> micrometer = time("CaptureBenchmark.micrometer reads=set");
		atMost(capture + "times OpenTelemetry, at the worst", 1,
				worst(UP_TO_10000, ours, time("CaptureBenchmark.openTelemetry reads=set")));
		atMost(capture + "slowest by fastest, 1 to 10,000 variables", 1.25, spread(UP_TO_10000, ours));
		Map.of(1, 5, 10, 40, 100, 500)
			.entrySet()
			.stream()
			.sorted(Map.Entry.comparingByKey())
			.forEach((entry) -> atLeast(capture + "times faster than Micrometer, " + Peers.variables(entry.getKey()),
					entry.getValue(), ratio(micrometer.apply(entry.getKey()), ours.apply(entry.getKey()))));
	}

	private void memory() throws IOException {
		atMost("4. copy: bytes allocated", 32,
				worst(UP_TO_10000, allocation("ContextBenchmark.copy reads=set"), (count) -> OptionalDouble.of(1)));
		for (String way : List.of("run", "enterAndLeave")) {
			atMost("4. enter and leave with " + way + ": bytes allocated", 0, worst(UP_TO_10000,
					allocation("ContextBenchmark." + way + " reads=set"), (count) -> OptionalDouble.of(1)));
		}
		this.results.of("memory").ifPresent((memory) -> {
			atMost("5. context of 10 neighbouring variables: bytes", 160,
					OptionalDouble.of(sum(memory.path("contextVars"))));
			atMost("5. context of 10 variables that share no leaf: bytes", 500,
					OptionalDouble.of(sum(memory.path("contextVars, each the 32nd that was declared"))));
		});
	}

	private void threads() {
		double floor = scaling("ReadBenchmark.threadLocals").orElse(Double.NaN);
		for (String benchmark : List.of("ReadBenchmark", "SetBenchmark", "CaptureBenchmark")) {
			OptionalDouble scaling = scaling(benchmark + ".contextVars");
			atLeast("6. two threads by one, " + benchmark.replace("Benchmark", "").toLowerCase(Locale.ROOT)
					+ String.format(Locale.ROOT, " (ThreadLocal, read: %.2f)", floor), 0.9 * floor, scaling);
		}
	}

	private void web() throws IOException {
		atMost("7. filter, untracked: bytes, without the fakes'", 300, withoutFakes("untracked"));
		atMost("7. filter, tracked: bytes, without the fakes'", 600, withoutFakes("tracked"));
		AsyncCalls calls = new AsyncCalls(this.results);
		atMost("10. call of an `@Async` method: ns more than Spring alone", 150, calls.added());
		atMost("10. call of an `@Async` method: times the fastest other library", 1, calls.timesFastest());
		atMost("7. filter, untracked: ns", 150, this.results.time("FilterBenchmark.untracked"));
		atMost("7. filter, tracked, 10 variables set: ns", 500,
				this.results.time("FilterBenchmark.trackedWithTenVariables"));
		Optional<JsonNode> tomcat = this.results.of("tomcat");
		if (tomcat.isPresent()) {
			for (String figure : List.of("requests", "cpu")) {
				Sample ratio = paired(tomcat.get(), figure);
				this.targets.add(new Target("7. Tomcat: " + figure + ", with the starter by without",
						"around 1, ≤ 0.1 wide", ratio.describe("%.3f"), isOne(ratio)));
			}
		}
		Optional<JsonNode> startUp = this.results.of("startup");
		if (startUp.isPresent()) {
			Sample more = sample(startUp.get(), "more");
			Sample ratio = sample(startUp.get(), "ratio");
			this.targets.add(new Target("8. start-up: what the starter adds", "2 % or 40 ms",
					more.describe("%.0f ms") + ", ratio " + ratio.describe("%.3f"),
					more.median() <= 40 || ratio.median() <= 1.02));
		}
	}

	// Two attributes in a map: the filter's own, and that of Spring's base class.
	private OptionalDouble withoutFakes(String filter) {
		OptionalDouble bytes = this.results.allocation("FilterBenchmark." + filter);
		return bytes.isPresent() ? OptionalDouble.of(Math.rint(bytes.getAsDouble()) - 64) : bytes;
	}

	private void virtualThreads() throws IOException {
		String yield = "YieldBenchmark.contextVars reads=%s variables=10";
		atMost("9. unmount and mount in a context: times outside", 1.1,
				ratio(this.results.time(yield.formatted("set")), this.results.time(yield.formatted("none"))));
		JsonNode memory = this.results.of("memory").orElse(null);
		if (memory != null && memory.has(Memory.PARKED_IN_THREAD_LOCALS)) {
			atMost("9. parked virtual thread in its own context of 10: bytes, times ThreadLocal", 1, OptionalDouble
				.of(sum(memory.path(Memory.PARKED_IN_OWN_CONTEXT)) / sum(memory.path(Memory.PARKED_IN_THREAD_LOCALS))));
		}
	}

	static Sample sample(JsonNode node, String name) {
		return Sample
			.of(StreamSupport.stream(node.path(name).spliterator(), false).map((value) -> value.asDouble()).toList());
	}

	static double sum(JsonNode bytes) {
		return bytes.properties().stream().mapToDouble((entry) -> entry.getValue().asDouble()).sum();
	}

	// Both were divided by the same round of the first server.
	private static Sample paired(JsonNode tomcat, String figure) {
		JsonNode starter = tomcat.path("starter." + figure);
		JsonNode again = tomcat.path("againstItself." + figure);
		return Sample.of(IntStream.range(0, starter.size())
			.mapToObj((round) -> starter.path(round).asDouble() / again.path(round).asDouble())
			.toList());
	}

	// The width keeps noise from passing for equality.
	private static boolean isOne(Sample ratio) {
		double[] interval = ratio.interval();
		return interval[0] <= 1 && interval[1] >= 1 && interval[1] - interval[0] <= 0.1;
	}

	private IntFunction<OptionalDouble> time(String key) {
		return (count) -> this.results.time(key + " variables=" + count);
	}

	// To a tenth of a byte: JMH itself allocates a little in each iteration.
	private IntFunction<OptionalDouble> allocation(String key) {
		return (count) -> this.results.allocation(key + " variables=" + count)
			.stream()
			.map((bytes) -> Math.round(10 * bytes) / 10.0)
			.findFirst();
	}

	private OptionalDouble scaling(String benchmark) {
		OptionalDouble one = this.results.time(benchmark + " reads=set variables=10 threads-1");
		OptionalDouble two = this.results.time(benchmark + " reads=set variables=10 threads-2");
		OptionalDouble ratio = ratio(one, two);
		return ratio.isPresent() ? OptionalDouble.of(2 * ratio.getAsDouble()) : ratio;
	}

	private static OptionalDouble worst(int[] counts, IntFunction<OptionalDouble> ours,
			IntFunction<OptionalDouble> theirs) {
		return Arrays.stream(counts)
			.mapToObj((count) -> ratio(ours.apply(count), theirs.apply(count)))
			.filter(OptionalDouble::isPresent)
			.mapToDouble(OptionalDouble::getAsDouble)
			.max();
	}

	private static OptionalDouble spread(int[] counts, IntFunction<OptionalDouble> ours) {
		double[] sorted = Arrays.stream(counts)
			.mapToObj(ours)
			.filter(OptionalDouble::isPresent)
			.mapToDouble(OptionalDouble::getAsDouble)
			.sorted()
			.toArray();
		return (sorted.length > 0) ? OptionalDouble.of(sorted[sorted.length - 1] / sorted[0]) : OptionalDouble.empty();
	}

	private static OptionalDouble ratio(OptionalDouble one, OptionalDouble other) {
		return (one.isPresent() && other.isPresent()) ? OptionalDouble.of(one.getAsDouble() / other.getAsDouble())
				: OptionalDouble.empty();
	}

	private void atMost(String name, double limit, OptionalDouble figure) {
		figure.ifPresent(
				(value) -> this.targets.add(new Target(name, "≤ " + number(limit), number(value), value <= limit)));
	}

	private void atLeast(String name, double limit, OptionalDouble figure) {
		figure.ifPresent(
				(value) -> this.targets.add(new Target(name, "≥ " + number(limit), number(value), value >= limit)));
	}

	private static String number(double value) {
		return String.format(Locale.ROOT, (value == Math.rint(value) || value >= 100) ? "%.0f" : "%.2f", value);
	}

	/**
	 * One target.
	 *
	 * @param name what it is
	 * @param limit how much it may be, or must
	 * @param figure how much it is
	 * @param met whether that is enough
	 */
	record Target(String name, String limit, String figure, boolean met) {
	}

}

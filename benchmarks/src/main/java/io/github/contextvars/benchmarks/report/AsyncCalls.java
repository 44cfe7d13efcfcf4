package io.github.contextvars.benchmarks.report;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * {@link Figures} of calls of {@code @Async} methods with ten variables.
 */
final class AsyncCalls implements Figures {

	private static final String PLAIN = "NOTHING";

	private static final String OURS = "contextVars";

	private static final Map<String, String> MEANS = Map.of(OURS, "CONTEXT_VARS");

	private final Results results;

	AsyncCalls(Results results) {
		this.results = results;
	}

	@Override
	public int[] counts() {
		return new int[] { 10 };
	}

	@Override
	public Map<String, String> names() {
		Map<String, String> names = new LinkedHashMap<>();
		names.put(OURS, "contextvars");
		names.put(PLAIN, "Spring, no values");
		names.put("THREAD_LOCALS", "Micrometer snapshot");
		names.put("OPEN_TELEMETRY", "OpenTelemetry");
		names.put("TRANSMITTABLE", "TransmittableThreadLocal");
		names.keySet().removeIf((peer) -> time(peer, 10).isEmpty());
		return names;
	}

	@Override
	public OptionalDouble time(String peer, int count) {
		return this.results.time(key(peer));
	}

	OptionalDouble allocation(String peer) {
		return this.results.allocation(key(peer));
	}

	/**
	 * Return what this library adds to Spring's own call.
	 * @return nanoseconds
	 */
	OptionalDouble added() {
		OptionalDouble ours = time(OURS, 10);
		OptionalDouble plain = time(PLAIN, 10);
		return (ours.isPresent() && plain.isPresent()) ? OptionalDouble.of(ours.getAsDouble() - plain.getAsDouble())
				: OptionalDouble.empty();
	}

	/**
	 * Return this library's time by that of the fastest other one.
	 * @return the ratio
	 */
	OptionalDouble timesFastest() {
		OptionalDouble fastest = names().keySet()
			.stream()
			.filter((peer) -> !peer.equals(OURS) && !peer.equals(PLAIN))
			.mapToDouble((peer) -> time(peer, 10).orElseThrow())
			.min();
		return fastest.isPresent() ? OptionalDouble.of(time(OURS, 10).orElseThrow() / fastest.getAsDouble()) : fastest;
	}

	private static String key(String peer) {
		return "AsyncBenchmark.call means=" + MEANS.getOrDefault(peer, peer);
	}

}

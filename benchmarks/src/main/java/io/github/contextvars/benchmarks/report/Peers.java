package io.github.contextvars.benchmarks.report;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * {@link Figures} of a benchmark that has a method for each peer.
 */
final class Peers implements Figures {

	private static final String SCOPED_VALUE = "scopedValue";

	private final Results results;

	private final String benchmark;

	private final String suffix;

	private final String reads;

	private final int[] counts;

	Peers(Results results, String benchmark, String suffix, String reads, int... counts) {
		this.results = results;
		this.benchmark = benchmark;
		this.suffix = suffix;
		this.reads = reads;
		this.counts = counts;
	}

	@Override
	public int[] counts() {
		return this.counts;
	}

	@Override
	public Map<String, String> names() {
		Map<String, String> names = new LinkedHashMap<>();
		names.put("contextVars", "contextvars");
		names.put("threadLocals", "ThreadLocal");
		names.put(SCOPED_VALUE, "ScopedValue");
		names.put("openTelemetry", "OpenTelemetry");
		names.put("grpc", "gRPC");
		names.put("micrometer", "Micrometer snapshot");
		names.put("transmittable", "TransmittableThreadLocal");
		names.put("mdc", "MDC over Logback");
		names.keySet().removeIf((peer) -> {
			for (int count : this.counts) {
				if (time(peer, count).isPresent()) {
					return false;
				}
			}
			return true;
		});
		return names;
	}

	@Override
	public OptionalDouble time(String peer, int count) {
		if (!peer.equals(SCOPED_VALUE)) {
			return this.results
				.time(this.benchmark + "." + peer + " reads=" + this.reads + " variables=" + count + this.suffix);
		}
		boolean measured = this.reads.equals("set") && this.suffix.isEmpty();
		String operation = this.benchmark.equals("ReadBenchmark") ? "read" : "set";
		return (measured && !this.benchmark.equals("CaptureBenchmark"))
				? this.results.time("ScopedValueBenchmark." + operation + " variables=" + count)
				: OptionalDouble.empty();
	}

	static String variables(int count) {
		return String.format(Locale.ROOT, (count > 1) ? "%,d variables" : "%,d variable", count);
	}

	static String format(double nanos) {
		if (nanos >= 99_500) {
			return String.format(Locale.ROOT, "%,.0f", Math.rint(nanos / 1_000) * 1_000);
		}
		return String.format(Locale.ROOT, (nanos < 9.95) ? "%.1f" : "%,.0f", nanos);
	}

}

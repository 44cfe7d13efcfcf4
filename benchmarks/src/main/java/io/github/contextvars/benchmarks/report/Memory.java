package io.github.contextvars.benchmarks.report;

import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;

import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

import io.opentelemetry.context.ContextKey;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

/**
 * Memory that a context of ten variables takes, without variables and values: the heap's
 * histogram with 20,000 contexts less the histogram without, class by class.
 */
final class Memory {

	private static final int COUNT = 20_000;

	// No object is smaller; smaller differences come from measuring.
	private static final int SMALLEST = 8;

	private static final Object VALUE = "value";

	private Memory() {
	}

	static Map<String, Map<String, Double>> measure() throws JMException {
		Map<String, Map<String, Double>> bytes = new TreeMap<>();
		ContextVar<?>[] neighbours = variables(1);
		bytes.put("contextVars", bytesOf(() -> context(neighbours)));
		ContextVar<?>[] scattered = variables(32);
		bytes.put("contextVars, each the 32nd that was declared", bytesOf(() -> context(scattered)));
		ContextKey<?>[] keys = IntStream.range(0, 10)
			.mapToObj((i) -> ContextKey.named("key " + i))
			.toArray(ContextKey<?>[]::new);
		bytes.put("openTelemetry", bytesOf(() -> openTelemetry(keys)));
		return bytes;
	}

	private static Map<String, Double> bytesOf(Supplier<Object> maker) throws JMException {
		Object[] kept = new Object[COUNT];
		kept[0] = maker.get();
		Map<String, Long> before = histogram();
		for (int i = 0; i < COUNT; i++) {
			kept[i] = maker.get();
		}
		Map<String, Long> after = histogram();
		Reference.reachabilityFence(kept);
		Map<String, Double> each = new TreeMap<>();
		after.forEach((type, bytes) -> {
			double more = (double) (bytes - before.getOrDefault(type, 0L)) / COUNT;
			if (more >= SMALLEST) {
				each.put(type, (double) Math.round(more));
			}
		});
		return each;
	}

	// Of what is reachable only: the command collects garbage first.
	private static Map<String, Long> histogram() throws JMException {
		MBeanServer server = ManagementFactory.getPlatformMBeanServer();
		String text = (String) server.invoke(new ObjectName("com.sun.management:type=DiagnosticCommand"),
				"gcClassHistogram", new Object[] { new String[0] }, new String[] { String[].class.getName() });
		Map<String, Long> bytes = new TreeMap<>();
		text.lines().map((line) -> line.trim().split("\\s+", -1)).forEach((columns) -> {
			if (columns.length >= 4 && columns[0].matches("\\d+:")) {
				bytes.merge(columns[3], Long.parseLong(columns[2]), Long::sum);
			}
		});
		return bytes;
	}

	private static ContextVar<?>[] variables(int apart) {
		ContextVar<?>[] all = IntStream.range(0, 10 * apart)
			.mapToObj((i) -> ContextVar.of("variable " + i))
			.toArray(ContextVar<?>[]::new);
		return IntStream.range(0, 10).mapToObj((i) -> all[i * apart]).toArray(ContextVar<?>[]::new);
	}

	@SuppressWarnings("unchecked")
	private static Object context(ContextVar<?>[] variables) {
		Context context = new Context();
		context.run(() -> {
			for (ContextVar<?> variable : variables) {
				((ContextVar<Object>) variable).set(VALUE);
			}
		});
		return context;
	}

	@SuppressWarnings("unchecked")
	private static Object openTelemetry(ContextKey<?>[] keys) {
		io.opentelemetry.context.Context context = io.opentelemetry.context.Context.root();
		for (ContextKey<?> key : keys) {
			context = context.with((ContextKey<Object>) key, VALUE);
		}
		return context;
	}

}

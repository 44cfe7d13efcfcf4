package io.github.contextvars.benchmarks.report;

import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

import io.opentelemetry.context.ContextKey;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

/**
 * Memory that a context of ten variables takes, without variables and values: the heap's
 * histogram with 20,000 contexts less the histogram without, class by class. The same for
 * what 100,000 parked virtual threads keep that as many do not in which nothing is set.
 */
final class Memory {

	static final String PARKED_IN_OWN_CONTEXT = "contextVars, in a parked virtual thread in its own context";

	static final String PARKED_IN_THREAD_LOCALS = "threadLocals, in a parked virtual thread";

	private static final int COUNT = 20_000;

	private static final int THREADS = 100_000;

	// No object is smaller; smaller differences come from measuring.
	private static final int SMALLEST = 8;

	private static final Object VALUE = "value";

	private Memory() {
	}

	static Map<String, Map<String, Double>> measure() throws Exception {
		Map<String, Map<String, Double>> bytes = new TreeMap<>();
		ContextVar<?>[] neighbours = variables(1);
		bytes.put("contextVars", bytesOf(() -> context(neighbours)));
		ContextVar<?>[] scattered = variables(32);
		bytes.put("contextVars, each the 32nd that was declared", bytesOf(() -> context(scattered)));
		ContextKey<?>[] keys = IntStream.range(0, 10)
			.mapToObj((i) -> ContextKey.named("key " + i))
			.toArray(ContextKey<?>[]::new);
		bytes.put("openTelemetry", bytesOf(() -> openTelemetry(keys)));
		if (Runtime.version().feature() >= 21) {
			Map<String, Long> bare = parked(Runnable::run);
			bytes.put(PARKED_IN_OWN_CONTEXT,
					each(bare, parked((park) -> ((Context) context(neighbours)).run(park)), THREADS));
			Context copied = (Context) context(neighbours);
			bytes.put("contextVars, in a parked virtual thread in a copy of one context",
					each(bare, parked((park) -> copied.copy().run(park)), THREADS));
			List<ThreadLocal<Object>> threadLocals = Stream.generate(ThreadLocal::new).limit(10).toList();
			bytes.put(PARKED_IN_THREAD_LOCALS, each(bare, parked((park) -> {
				threadLocals.forEach((variable) -> variable.set(VALUE));
				park.run();
			}), THREADS));
		}
		return bytes;
	}

	// The whole heap while the threads are parked.
	private static Map<String, Long> parked(Consumer<Runnable> body) throws Exception {
		CountDownLatch ready = new CountDownLatch(THREADS);
		CountDownLatch end = new CountDownLatch(1);
		// Not in the JDK that this is compiled for.
		ExecutorService executor = (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor")
			.invoke(null);
		for (int i = 0; i < THREADS; i++) {
			executor.execute(() -> body.accept(() -> {
				ready.countDown();
				await(end);
			}));
		}
		ready.await();
		Map<String, Long> heap = histogram();
		end.countDown();
		executor.shutdown();
		executor.awaitTermination(1, TimeUnit.MINUTES);
		return heap;
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException("Thread was interrupted that no code interrupts", ex);
		}
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
		return each(before, after, COUNT);
	}

	// Without the JVM's own objects: fillers, and the stacks of virtual threads, whose
	// sizes
	// differ by hundreds of bytes between two runs, with what happens to be compiled.
	private static Map<String, Double> each(Map<String, Long> before, Map<String, Long> after, int count) {
		Map<String, Double> each = new TreeMap<>();
		after.forEach((type, bytes) -> {
			double more = (double) (bytes - before.getOrDefault(type, 0L)) / count;
			if (more >= SMALLEST && !type.contains("jdk.internal.vm.")) {
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

package io.github.contextvars;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.lang.ref.Reference;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;

import com.sun.management.ThreadMXBean;

/**
 * Program that prints how many bytes each operation allocates when it is compiled, and
 * how many a context of ten variables keeps. Runs in a separate JVM, which compiles
 * before it continues and has no background work.
 */
public final class Allocations {

	private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

	private static final int OPERATIONS = 20_000;

	// Far more than it takes until all is compiled.
	private static final int ROUNDS = 50;

	private static final String VALUE = "value";

	private static final Runnable NOTHING = () -> {
	};

	private static final List<ContextVar<String>> NEIGHBOURS = variables(1);

	private static final List<ContextVar<String>> SCATTERED = variables(32);

	// So that what an operation makes is not optimized away.
	private static Context copy;

	private static int turn;

	private Allocations() {
	}

	public static void main(String[] args) {
		Context current = holding(NEIGHBOURS);
		Context other = new Context();
		ContextVar<String> var = NEIGHBOURS.get(5);
		print("first entry", () -> other.run(NOTHING));
		current.run(() -> {
			print("get", var::get);
			print("copy", () -> copy = Context.copyOfCurrent());
			print("set and reset", () -> var.reset(var.set(VALUE)));
			print("set in turn", () -> NEIGHBOURS.get(++turn % 10).set(VALUE));
			print("run", () -> other.run(NOTHING));
			print("enter and close", () -> other.enter().close());
			print("capture and run", () -> Context.copyOfCurrent().wrap(NOTHING).run());
		});
		print("context of ten neighbours", kept(() -> holding(NEIGHBOURS)));
		print("context of ten that share no leaf", kept(() -> holding(SCATTERED)));
	}

	private static void print(String name, Runnable operation) {
		long least = Long.MAX_VALUE;
		for (int round = 0; round < ROUNDS; round++) {
			long before = THREADS.getCurrentThreadAllocatedBytes();
			for (int i = 0; i < OPERATIONS; i++) {
				operation.run();
			}
			least = Math.min(least, (THREADS.getCurrentThreadAllocatedBytes() - before) / OPERATIONS);
		}
		print(name, least);
	}

	private static void print(String name, long bytes) {
		System.out.println(name + ": " + bytes);
	}

	private static long kept(Supplier<Context> maker) {
		Context[] contexts = new Context[OPERATIONS];
		long before = used();
		for (int i = 0; i < OPERATIONS; i++) {
			contexts[i] = maker.get();
		}
		long more = used() - before;
		Reference.reachabilityFence(contexts);
		// Objects take multiples of 8; the rest is what the program itself has kept
		// since.
		return more / OPERATIONS / 8 * 8;
	}

	// As of the end of the collection, because buffers for new objects count as used.
	private static long used() {
		System.gc();
		return ManagementFactory.getMemoryPoolMXBeans()
			.stream()
			.filter((pool) -> pool.getType() == MemoryType.HEAP)
			.mapToLong((pool) -> pool.getCollectionUsage().getUsed())
			.sum();
	}

	private static List<ContextVar<String>> variables(int apart) {
		List<ContextVar<String>> all = IntStream.range(0, 10 * apart)
			.mapToObj((i) -> ContextVar.<String>of("variable " + i))
			.toList();
		return IntStream.range(0, 10).mapToObj((i) -> all.get(i * apart)).toList();
	}

	private static Context holding(List<ContextVar<String>> variables) {
		Context context = new Context();
		context.run(() -> variables.forEach((var) -> var.set(VALUE)));
		return context;
	}

}

package io.github.contextvars;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuarantee;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Options;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests with Lincheck that concurrent operations on one context, and on one executor, are
 * linearizable. {@link ConcurrencyTests} has small tests of the same.
 */
@Tag("stress")
public class LinearizabilityTests {

	/**
	 * Run a check. Each runs in a separate JVM, because Lincheck transforms the classes
	 * under test and caches them by name.
	 * @param args the name of the check
	 */
	public static void main(String[] args) {
		Check.valueOf(args[0]).run();
		System.out.println("linearizable");
	}

	@ParameterizedTest
	@EnumSource
	void operationsAreLinearizable(Check check, @TempDir Path directory) throws Exception {
		assertThat(outputOf(check, SeededFault.NONE, directory)).endsWith("linearizable\n");
	}

	@ParameterizedTest
	@CsvSource({ "CONTEXT_MODEL_CHECKED, CHECK_THEN_ACT", "CONTEXT_MODEL_CHECKED, COPY_IS_THE_SAME_CONTEXT",
			"CONTEXT_UNDER_STRESS, CHECK_THEN_ACT", "EXECUTOR_UNDER_STRESS, EXECUTOR_CAPTURES_AT_RUN" })
	void operationsWhenFaultIsSeededAreNotLinearizable(Check check, CoreFault fault, @TempDir Path directory)
			throws Exception {
		assertThat(outputOf(check, fault.seed(), directory)).contains("Invalid execution results");
	}

	private String outputOf(Check check, SeededFault fault, Path directory) throws Exception {
		return fault.outputOf(LinearizabilityTests.class, directory, check.name());
	}

	enum Check {

		CONTEXT_MODEL_CHECKED(modelChecking(), OneContext.class, OneContext.class),

		CONTEXT_UNDER_STRESS(stress(), OneContext.class, OneContext.class),

		EXECUTOR_UNDER_STRESS(stress(), OneExecutor.class, Values.class);

		private final Options<?, ?> options;

		private final Class<?> operations;

		private final Class<?> inOrder;

		Check(Options<?, ?> options, Class<?> operations, Class<?> inOrder) {
			this.options = options;
			this.operations = operations;
			this.inOrder = inOrder;
		}

		void run() {
			this.options.threads(2)
				.minimizeFailedScenario(false)
				.sequentialSpecification(this.inOrder)
				.check(this.operations);
		}

		// Few operations, because each attempt of a waiting thread is another
		// interleaving.
		private static Options<?, ?> modelChecking() {
			return new ModelCheckingOptions().iterations(30)
				.invocationsPerIteration(200)
				.actorsBefore(1)
				.actorsPerThread(2)
				.actorsAfter(1)
				.addGuarantee(threadsOwn());
		}

		// Lincheck does not restore ThreadLocals and weak references between two
		// invocations, so threads are not switched in code that depends on them.
		private static ManagedStrategyGuarantee threadsOwn() {
			return ManagedStrategyGuaranteeKt.forClasses(ThreadTable.class.getName()).allMethods().ignore();
		}

		private static Options<?, ?> stress() {
			return new StressOptions().iterations(10).invocationsPerIteration(1_000).actorsPerThread(3);
		}

	}

	/**
	 * Operations on one context, which each enters. An operation that finds it entered
	 * tries again.
	 */
	public static class OneContext {

		private static final ContextVar<Integer> FIRST = ContextVar.of("first", 0);

		private static final ContextVar<Integer> SECOND = ContextVar.of("second", 0);

		private final Context context = new Context();

		private final Token<Integer> token = this.context.call(() -> FIRST.set(100));

		@Operation
		public int increment() {
			return inside(() -> {
				int value = FIRST.get() + 1;
				FIRST.set(value);
				return value;
			});
		}

		@Operation
		public Object replaceSecond(@Param(gen = IntGen.class, conf = "0:3") int value) {
			return inside(() -> String.valueOf(SECOND.set(value).oldValue()));
		}

		@Operation
		public boolean resetFirst() {
			return inside(() -> {
				try {
					FIRST.reset(this.token);
					return true;
				}
				catch (IllegalStateException ex) {
					return false;
				}
			});
		}

		@Operation
		public int get() {
			return this.context.getOrDefault(FIRST, -1);
		}

		@Operation
		public int size() {
			return this.context.size();
		}

		@Operation
		public String iterate() {
			TreeMap<String, Object> seen = new TreeMap<>();
			this.context.entrySet().forEach((entry) -> seen.put(entry.getKey().name(), entry.getValue()));
			return seen.toString();
		}

		@Operation
		public String copy() {
			Context copy = this.context.copy();
			return copy.get(FIRST) + " " + copy.get(SECOND) + " " + copy.size();
		}

		private <T> T inside(Context.CallableOp<T, RuntimeException> body) {
			while (true) {
				Context.Scope scope;
				try {
					scope = this.context.enter();
				}
				catch (IllegalStateException ex) {
					Thread.yield();
					continue;
				}
				try (scope) {
					return body.call();
				}
			}
		}

	}

	/**
	 * Operations on one executor, which queues tasks until they are run or cancelled.
	 */
	public static class OneExecutor {

		private static final ContextVar<Integer> VAR = ContextVar.of("var", -1);

		private final Deque<Runnable> queue = new ArrayDeque<>();

		private final Executor executor = ContextExecutors.wrap((Executor) this::add);

		private boolean closed;

		private int seen;

		@Operation
		public boolean submit(@Param(gen = IntGen.class, conf = "0:3") int value) {
			return new Context().call(() -> {
				VAR.set(value);
				try {
					this.executor.execute(() -> this.seen = VAR.get());
					return true;
				}
				catch (RejectedExecutionException ex) {
					return false;
				}
			});
		}

		@Operation
		public int run() {
			synchronized (this.queue) {
				Runnable task = this.queue.poll();
				if (task == null) {
					return -3;
				}
				task.run();
				return this.seen;
			}
		}

		@Operation
		public boolean cancel() {
			synchronized (this.queue) {
				return this.queue.poll() != null;
			}
		}

		@Operation
		public void close() {
			synchronized (this.queue) {
				this.closed = true;
			}
		}

		private void add(Runnable task) {
			synchronized (this.queue) {
				if (this.closed) {
					throw new RejectedExecutionException("closed");
				}
				this.queue.add(task);
			}
		}

	}

	/**
	 * Sequential specification of {@link OneExecutor}.
	 */
	public static class Values {

		private final Deque<Integer> queue = new ArrayDeque<>();

		private boolean closed;

		public boolean submit(int value) {
			return !this.closed && this.queue.add(value);
		}

		public int run() {
			Integer value = this.queue.poll();
			return (value != null) ? value : -3;
		}

		public boolean cancel() {
			return this.queue.poll() != null;
		}

		public void close() {
			this.closed = true;
		}

	}

}

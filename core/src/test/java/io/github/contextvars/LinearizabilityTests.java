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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Operations of several threads on one context, and on one executor, must have happened
 * in some order: Lincheck tries interleavings, and looks for one that has none.
 */
public class LinearizabilityTests {

	/**
	 * Make one of the checks. Each has a JVM of its own, as Lincheck changes the classes
	 * that it tries, and keeps them by their names.
	 */
	public static void main(String[] args) {
		Check.valueOf(args[0]).run();
		System.out.println("linearizable");
	}

	@ParameterizedTest
	@EnumSource(names = "CONTEXT_MODEL_CHECKED", mode = EnumSource.Mode.EXCLUDE)
	void operationsAreLinearizable(Check check, @TempDir Path directory) throws Exception {
		assertThat(outputOf(check, SeededFault.NONE, directory)).endsWith("linearizable\n");
	}

	@Test
	@EnabledIfSystemProperty(named = "stress", matches = "true")
	void operationsWhenModelCheckedAreLinearizable(@TempDir Path directory) throws Exception {
		assertThat(outputOf(Check.CONTEXT_MODEL_CHECKED, SeededFault.NONE, directory)).endsWith("linearizable\n");
	}

	@ParameterizedTest
	@EnumSource(names = { "CHECK_THEN_ACT", "COPY_IS_THE_SAME_CONTEXT" })
	@EnabledIfSystemProperty(named = "stress", matches = "true")
	void canaryWhenModelCheckedIsNotLinearizable(CoreFault bug, @TempDir Path directory) throws Exception {
		assertThat(outputOf(Check.CONTEXT_MODEL_CHECKED, bug.plant(), directory)).contains("Invalid execution results");
	}

	@ParameterizedTest
	@CsvSource({ "CONTEXT_UNDER_STRESS, CHECK_THEN_ACT", "EXECUTOR_UNDER_STRESS, EXECUTOR_CAPTURES_AT_RUN" })
	void canaryIsNotLinearizable(Check check, CoreFault bug, @TempDir Path directory) throws Exception {
		assertThat(outputOf(check, bug.plant(), directory)).contains("Invalid execution results");
	}

	private String outputOf(Check check, SeededFault bug, Path directory) throws Exception {
		return bug.outputOf(LinearizabilityTests.class, directory, check.name());
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

		// Few operations: where a thread waits for the other, each try is a way to go.
		private static Options<?, ?> modelChecking() {
			return new ModelCheckingOptions().iterations(30)
				.invocationsPerIteration(200)
				.actorsBefore(1)
				.actorsPerThread(2)
				.actorsAfter(1)
				.addGuarantee(threadsOwn());
		}

		// Lincheck doesn't set ThreadLocals and weak references back between two tries,
		// so no thread is stopped where these decide what is done next.
		private static ManagedStrategyGuarantee threadsOwn() {
			return ManagedStrategyGuaranteeKt.forClasses(ThreadTable.class.getName()).allMethods().ignore();
		}

		private static Options<?, ?> stress() {
			return new StressOptions().iterations(10).invocationsPerIteration(1_000).actorsPerThread(3);
		}

	}

	/**
	 * A context that is entered for one operation each; whoever finds it entered tries
	 * again.
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
	 * An executor that queues tasks until somebody runs or cancels them, or closes it.
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
	 * What {@link OneExecutor} should do.
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

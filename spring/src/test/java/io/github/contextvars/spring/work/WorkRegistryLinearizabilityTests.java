package io.github.contextvars.spring.work;

import java.nio.file.Path;
import java.util.List;

import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.github.contextvars.Context;
import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that a unit of work is listed exactly while it runs or is held, whatever other
 * threads do meanwhile.
 */
@Tag("stress")
public class WorkRegistryLinearizabilityTests {

	/**
	 * Make one of the checks. Each has a JVM of its own, as Lincheck changes the classes
	 * that it tries, and keeps them by their names.
	 */
	public static void main(String[] args) {
		new StressOptions().iterations(10)
			.invocationsPerIteration(1_000)
			.threads(2)
			.actorsPerThread(3)
			.minimizeFailedScenario(false)
			.check(Registry.class);
		System.out.println("linearizable");
	}

	@Test
	void operationsAreLinearizable(@TempDir Path directory) throws Exception {
		assertThat(SeededFault.NONE.outputOf(WorkRegistryLinearizabilityTests.class, directory))
			.endsWith("linearizable\n");
	}

	@Test
	void registryThatDropsOtherThreadsIsNotLinearizable(@TempDir Path directory) throws Exception {
		SeededFault fault = SeededFault.in(TrackingWorkRegistry.class, "this.active.put(entry.thread, entry);\n\t}",
				"this.active.clear();\nthis.active.put(entry.thread, entry);\n\t}");

		assertThat(fault.outputOf(WorkRegistryLinearizabilityTests.class, directory))
			.contains("Invalid execution results");
	}

	/**
	 * Units of work of any thread, and one that all threads keep and complete.
	 */
	public static class Registry {

		private final WorkRegistry registry = WorkRegistry.tracking();

		private final UnitOfWork kept = work();

		@Operation
		public String run() {
			UnitOfWork work = work();
			boolean[] inside = new boolean[2];
			this.registry.run(work, () -> {
				inside[0] = this.registry.list().contains(work);
				inside[1] = this.registry.current() == work;
			});
			return inside[0] + " " + inside[1] + " " + this.registry.list().contains(work) + " "
					+ this.registry.current();
		}

		@Operation
		public String nested() {
			UnitOfWork outer = work();
			UnitOfWork inner = work();
			return this.registry.call(outer, () -> {
				boolean listed = this.registry.call(inner,
						() -> this.registry.list().containsAll(List.of(outer, inner)));
				return listed + " " + (this.registry.current() == outer) + " " + this.registry.list().contains(inner);
			});
		}

		@Operation
		public void hold() {
			this.registry.awaitCompletion(this.kept, this, (result) -> false);
		}

		@Operation
		public void release() {
			this.registry.complete(this.kept);
		}

		@Operation
		public boolean isHeld() {
			return this.registry.list().contains(this.kept);
		}

		private UnitOfWork work() {
			return this.registry.create(UnitOfWork.Kind.TASK, () -> "work", null, new Context());
		}

	}

}

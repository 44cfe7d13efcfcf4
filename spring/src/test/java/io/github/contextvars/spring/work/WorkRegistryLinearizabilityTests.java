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
	@Tag("stress")
	void canaryThatForgetsTheOtherThreadsIsNotLinearizable(@TempDir Path directory) throws Exception {
		SeededFault bug = SeededFault.in(ActiveWork.class, "this.innermost.put(thread, work);",
				"this.innermost.clear();\nthis.innermost.put(thread, work);");

		assertThat(bug.outputOf(WorkRegistryLinearizabilityTests.class, directory))
			.contains("Invalid execution results");
	}

	/**
	 * Units of work of any thread, and one that all hold and release.
	 */
	public static class Registry {

		private final WorkRegistry live = WorkRegistry.tracked();

		private final UnitOfWork kept = work();

		@Operation
		public String run() {
			UnitOfWork work = work();
			boolean[] inside = new boolean[2];
			this.live.run(work, () -> {
				inside[0] = this.live.list().contains(work);
				inside[1] = this.live.current() == work;
			});
			return inside[0] + " " + inside[1] + " " + this.live.list().contains(work) + " " + this.live.currentId();
		}

		@Operation
		public String nested() {
			UnitOfWork outer = work();
			UnitOfWork inner = work();
			return this.live.call(outer, () -> {
				boolean listed = this.live.call(inner, () -> this.live.list().containsAll(List.of(outer, inner)));
				return listed + " " + (this.live.current() == outer) + " " + this.live.list().contains(inner);
			});
		}

		@Operation
		public void hold() {
			this.live.hold(this.kept, this, (result) -> false);
		}

		@Operation
		public void release() {
			this.live.release(this.kept);
		}

		@Operation
		public boolean isHeld() {
			return this.live.list().contains(this.kept);
		}

		private UnitOfWork work() {
			return this.live.begin(UnitOfWork.Kind.TASK, () -> "work", null, new Context());
		}

	}

}

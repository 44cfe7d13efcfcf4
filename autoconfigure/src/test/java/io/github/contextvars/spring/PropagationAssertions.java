package io.github.contextvars.spring;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.testing.ThreadContextProbe;
import io.github.contextvars.spring.testing.WorkerProbe;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What every row promises, asserted from outside: each run starts from a copy that was
 * taken at submission, what it sets is its own, and its thread is left without a context.
 */
final class PropagationAssertions {

	static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	static final ContextVar<String> STEP = ContextVar.of("step", "none");

	private static final int RUNS = 3;

	private PropagationAssertions() {
	}

	/**
	 * Assert all that is promised of a way to another thread.
	 */
	static void assertPropagates(SubmissionMethod way, WorkerProbe worker) throws Exception {
		assertThat(ThreadContextProbe.isInContext()).isFalse();
		assertStartsFromCopy(way);
		worker.assertClean();
		assertSeesNothingOfTaskBefore(way);
		worker.assertClean();
		assertFailureLeavesNothing(way);
		worker.assertClean();
		assertSubmitterWithoutContextHasNoneAfterwards(way);
		worker.assertClean();
	}

	// The first keeps the thread busy, where there is but one, until the submitter has
	// changed
	// its mind: whoever copies when a task is run copies the wrong value then.
	private static void assertStartsFromCopy(SubmissionMethod way) throws Exception {
		new Context().<Void, Exception>call(() -> {
			TENANT.set("acme");
			CountDownLatch gate = new CountDownLatch((way.returnsWhen() != SubmissionMethod.ReturnsWhen.ENDED) ? 1 : 0);
			Work first = new Work(way, null, gate);
			Work second = new Work(way, null, gate);
			Future<?> firstFuture = way.submission().submit(first);
			Future<?> secondFuture = way.submission().submit(second);
			TENANT.set("later");
			gate.countDown();
			first.awaitEnd(firstFuture);
			second.awaitEnd(secondFuture);
			for (Work work : List.of(first, second)) {
				assertThat(work.seen).as(way + ": each run sees what was set at submission")
					.hasSizeGreaterThanOrEqualTo(work.runs)
					.containsOnly("acme, none");
				assertThat(work.threads).as(way + ": another thread").doesNotContain(Thread.currentThread());
			}
			assertThat(TENANT.get()).as(way + ": submitter's value").isEqualTo("later");
			assertThat(STEP.get()).as(way + ": submitter's value").isEqualTo("none");
			return null;
		});
	}

	private static void assertSeesNothingOfTaskBefore(SubmissionMethod way) throws Exception {
		Work work = new Work(way, null, new CountDownLatch(0));
		new Context().<Void, Exception>call(() -> {
			work.awaitEnd(way.submission().submit(work));
			return null;
		});
		assertThat(work.seen).as(way + ": sees nothing of the task before").containsOnly("none, none");
	}

	private static void assertFailureLeavesNothing(SubmissionMethod way) throws Exception {
		Work work = new Work(way, new IllegalStateException("planned"), new CountDownLatch(0));
		new Context().<Void, Exception>call(() -> {
			TENANT.set("failing");
			try {
				work.awaitEnd(way.submission().submit(work));
			}
			catch (Exception ex) {
				assertThat(ex).hasStackTraceContaining("planned");
			}
			assertThat(TENANT.get()).isEqualTo("failing");
			return null;
		});
		assertThat(work.seen).first().isEqualTo("failing, none");
	}

	private static void assertSubmitterWithoutContextHasNoneAfterwards(SubmissionMethod way) throws Exception {
		Work work = new Work(way, null, new CountDownLatch(0));
		work.awaitEnd(way.submission().submit(work));
		assertThat(work.seen).as(way + ": submitted outside of any context").containsOnly("none, none");
		assertThat(ThreadContextProbe.isInContext()).as(way + ": submitter is in a context").isFalse();
	}

	/**
	 * Read both variables, then change them.
	 */
	static String swap() {
		String seen = TENANT.get() + ", " + STEP.get();
		TENANT.set("the task's");
		STEP.set("the task's");
		return seen;
	}

	static void await(CountDownLatch latch) {
		try {
			assertThat(latch.await(30, TimeUnit.SECONDS)).as("in time").isTrue();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private static final class Work implements Runnable {

		private final List<String> seen = new CopyOnWriteArrayList<>();

		private final List<Thread> threads = new CopyOnWriteArrayList<>();

		private final CountDownLatch gate;

		private final int runs;

		private final CountDownLatch ended;

		private final RuntimeException failure;

		private Work(SubmissionMethod way, RuntimeException failure, CountDownLatch gate) {
			this.gate = gate;
			this.failure = failure;
			// Some schedulers go on after a failure, some don't.
			this.runs = (way.returnsWhen() == SubmissionMethod.ReturnsWhen.SCHEDULED && failure == null) ? RUNS : 1;
			this.ended = new CountDownLatch(this.runs);
		}

		@Override
		public void run() {
			await(this.gate);
			this.threads.add(Thread.currentThread());
			this.seen.add(swap());
			this.ended.countDown();
			if (this.failure != null) {
				throw this.failure;
			}
		}

		private void awaitEnd(Future<?> future) throws Exception {
			await(this.ended);
			if (future != null && this.runs == 1 && this.failure == null) {
				future.get(30, TimeUnit.SECONDS);
			}
			if (future != null) {
				future.cancel(false);
			}
		}

	}

}

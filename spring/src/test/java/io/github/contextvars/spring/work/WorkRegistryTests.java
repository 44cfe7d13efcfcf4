package io.github.contextvars.spring.work;

import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import com.sun.management.ThreadMXBean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class WorkRegistryTests {

	// What adapts the body of run() to call().
	private static final long ONE_LAMBDA = 16;

	private final WorkRegistry live = WorkRegistry.tracked();

	@Test
	void listHoldsNestedWorkOfAllThreadsInOrder() {
		UnitOfWork outer = work("outer");
		UnitOfWork inner = work("inner");
		UnitOfWork other = work("other");
		List<UnitOfWork> seen = new ArrayList<>();

		this.live.run(outer,
				() -> this.live.run(inner,
						() -> CompletableFuture
							.runAsync(() -> this.live.run(other, () -> seen.addAll(this.live.list())))
							.join()));

		assertThat(seen).containsExactly(outer, inner, other);
		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void currentIsInnermost() {
		UnitOfWork outer = work("outer");
		UnitOfWork inner = work("inner");

		this.live.run(outer, () -> {
			this.live.run(inner, () -> assertThat(this.live.current()).isSameAs(inner));
			assertThat(this.live.current()).isSameAs(outer);
			assertThat(this.live.currentId()).isEqualTo(outer.id());
		});
		assertThat(this.live.current()).isNull();
		assertThat(this.live.currentId()).isNull();
	}

	@Test
	void callReturnsAndThrowsAsTheBodyDoes() {
		assertThat(this.live.<Integer, RuntimeException>call(work("w"), () -> 42)).isEqualTo(42);
		assertThatIllegalStateException().isThrownBy(() -> this.live.run(work("w"), () -> {
			throw new IllegalStateException("planned");
		})).withMessage("planned");
		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void enterWhenClosedTwiceLeavesOnce() {
		UnitOfWork outer = work("outer");
		this.live.run(outer, () -> {
			Context.Scope scope = this.live.enter(work("inner"));
			scope.close();
			scope.close();
			assertThat(this.live.current()).isSameAs(outer);
		});
	}

	@Test
	void closeOnAnotherThreadChangesNothing() {
		UnitOfWork work = work("work");
		try (Context.Scope scope = this.live.enter(work)) {
			CompletableFuture<Void> closed = CompletableFuture.runAsync(scope::close);
			assertThat(closed).failsWithin(Duration.ofSeconds(30))
				.withThrowableThat()
				.havingCause()
				.isInstanceOf(IllegalStateException.class);
			assertThat(this.live.list()).containsExactly(work);
		}
		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void enterWhenEnteredAlreadyChangesNothing() {
		UnitOfWork work = work("work");
		this.live.run(work, () -> {
			assertThatIllegalStateException().isThrownBy(() -> this.live.enter(work));
			assertThat(this.live.list()).containsExactly(work);
		});
	}

	@Test
	void forgottenScopeIsClearedByTheWorkAround() {
		this.live.run(work("outer"), () -> this.live.enter(work("forgotten")));

		assertThat(this.live.list()).isEmpty();
		assertThat(Context.depth()).isZero();
	}

	@Test
	void enterTaskWhenTaskIsListedShowsTheInnerContext() {
		UnitOfWork task = work("task");
		Context outer = task.context();
		Context inner = new Context();

		this.live.run(task, () -> {
			try (Context.Scope scope = this.live.enterTask(() -> "named", null, inner)) {
				assertThat(this.live.list()).containsExactly(task);
				assertThat(task.context()).isSameAs(inner);
				assertThat(task.origin()).isEqualTo("named");
			}
			assertThat(task.context()).isSameAs(outer);
		});
	}

	@Test
	void enterTaskWhenListedTaskHasItsNameIsAnotherTask() {
		UnitOfWork task = work("task");
		task.nameOrigin(() -> "outer");

		this.live.run(task, () -> {
			try (Context.Scope scope = this.live.enterTask(() -> "inner", task.id(), new Context())) {
				assertThat(this.live.list()).extracting(UnitOfWork::origin).containsExactly("outer", "inner");
			}
			assertThat(this.live.list()).containsExactly(task);
		});
	}

	@Test
	void workCanBeEnteredAgainOnAnotherThread() {
		UnitOfWork work = work("request");
		this.live.run(work, () -> assertThat(this.live.list()).containsExactly(work));
		CompletableFuture
			.runAsync(() -> this.live.run(work, () -> assertThat(work.thread()).isSameAs(Thread.currentThread())))
			.join();
	}

	@Test
	void untrackedEntersAndRemembersNothing() {
		WorkRegistry untracked = WorkRegistry.untracked();
		ContextVar<String> variable = ContextVar.of("v", "none");
		UnitOfWork work = untracked.begin(UnitOfWork.Kind.TASK, () -> "w", null, new Context());
		untracked.run(work, () -> {
			variable.set("inside");
			assertThat(untracked.list()).isEmpty();
			assertThat(untracked.current()).isNull();
		});
		try (Context.Scope scope = untracked.enter(work)) {
			assertThat(variable.get()).isEqualTo("inside");
		}
		assertThat(variable.get()).isEqualTo("none");
	}

	@Test
	void untrackedTouchesNeitherClockNorCounter() {
		WorkRegistry untracked = WorkRegistry.untracked();
		UnitOfWork first = begin(untracked);
		UnitOfWork second = begin(untracked);

		assertThat(List.of(first.id(), second.id())).containsOnly(0L);
		assertThat(first.since()).isEqualTo(Instant.EPOCH);
		assertThat(untracked.currentId()).isNull();
		assertThat(untracked.hold(first, new Object(), (held) -> false)).isFalse();
		assertThat(untracked.list()).isEmpty();
	}

	@Test
	void untrackedAllocatesNothingToRemember() {
		WorkRegistry untracked = WorkRegistry.untracked();
		UnitOfWork work = begin(untracked);
		UnitOfWork shown = work("canary");
		Runnable body = () -> {
		};

		long plain = allocatedBy(() -> work.context().run(body));
		assertThat(allocatedBy(() -> untracked.enter(work).close()))
			.isEqualTo(allocatedBy(() -> work.context().enter().close()));
		assertThat(allocatedBy(() -> untracked.run(work, body))).isLessThanOrEqualTo(plain + ONE_LAMBDA);
		assertThat(allocatedBy(() -> this.live.run(shown, body))).isGreaterThan(plain + ONE_LAMBDA);
	}

	@Test
	void endedWorkIsNotRetained() {
		UnitOfWork kept = work("kept");
		WeakReference<Context> ended = new WeakReference<>(runOnce());
		WeakReference<Context> canary = new WeakReference<>(kept.context());

		Awaitility.await().until(() -> {
			System.gc();
			return ended.get() == null;
		});
		assertThat(canary.get()).isSameAs(kept.context());
	}

	private static UnitOfWork begin(WorkRegistry live) {
		return live.begin(UnitOfWork.Kind.TASK, () -> "w", null, new Context());
	}

	// The smallest of many: whatever else the JVM does on this thread only adds.
	private static long allocatedBy(Runnable action) {
		ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
		long least = Long.MAX_VALUE;
		for (int i = 0; i < 100; i++) {
			long before = threads.getCurrentThreadAllocatedBytes();
			action.run();
			least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
		}
		return least;
	}

	private Context runOnce() {
		UnitOfWork work = work("ended");
		this.live.run(work, () -> {
		});
		return work.context();
	}

	private UnitOfWork work(String origin) {
		return this.live.begin(UnitOfWork.Kind.TASK, () -> origin, null, new Context());
	}

}

package io.github.contextvars.spring.work;

import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;

import com.sun.management.ThreadMXBean;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.test.util.ReflectionTestUtils;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class WorkRegistryTests {

	// What adapts the body of run() to call().
	private static final long ONE_LAMBDA = 16;

	private final WorkRegistry registry = WorkRegistry.tracking();

	@Test
	void listHoldsNestedWorkOfAllThreadsInOrder() {
		UnitOfWork outer = work("outer");
		UnitOfWork inner = work("inner");
		UnitOfWork other = work("other");
		List<UnitOfWork> seen = new ArrayList<>();

		this.registry.run(outer,
				() -> this.registry.run(inner,
						() -> CompletableFuture
							.runAsync(() -> this.registry.run(other, () -> seen.addAll(this.registry.list())))
							.join()));

		assertThat(seen).containsExactly(outer, inner, other);
		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void currentIsInnermost() {
		UnitOfWork outer = work("outer");
		UnitOfWork inner = work("inner");

		this.registry.run(outer, () -> {
			this.registry.run(inner, () -> assertThat(this.registry.current()).isSameAs(inner));
			assertThat(this.registry.current()).isSameAs(outer);
		});
		assertThat(this.registry.current()).isNull();
	}

	@Test
	void callReturnsAndThrowsAsTheBodyDoes() {
		assertThat(this.registry.<Integer, RuntimeException>call(work("w"), () -> 42)).isEqualTo(42);
		assertThatIllegalStateException().isThrownBy(() -> this.registry.run(work("w"), () -> {
			throw new IllegalStateException("planned");
		})).withMessage("planned");
		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void enterWhenClosedTwiceLeavesOnce() {
		UnitOfWork outer = work("outer");
		this.registry.run(outer, () -> {
			Context.Scope scope = this.registry.enter(work("inner"));
			scope.close();
			scope.close();
			assertThat(this.registry.current()).isSameAs(outer);
		});
	}

	@Test
	void closeOnAnotherThreadChangesNothing() {
		UnitOfWork work = work("work");
		try (Context.Scope scope = this.registry.enter(work)) {
			CompletableFuture<Void> closed = CompletableFuture.runAsync(scope::close);
			assertThat(closed).failsWithin(Duration.ofSeconds(30))
				.withThrowableThat()
				.havingCause()
				.isInstanceOf(IllegalStateException.class);
			assertThat(this.registry.list()).containsExactly(work);
		}
		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void enterWhenEnteredAlreadyChangesNothing() {
		UnitOfWork work = work("work");
		this.registry.run(work, () -> {
			assertThatIllegalStateException().isThrownBy(() -> this.registry.enter(work));
			assertThat(this.registry.list()).containsExactly(work);
		});
	}

	@Test
	void enterWhenScopeLeaksIsRemovedByTheOuterUnit() {
		this.registry.run(work("outer"), () -> this.registry.enter(work("leaked")));

		assertThat(this.registry.list()).isEmpty();
		assertThat(Context.depth()).isZero();
	}

	@Test
	void openIfNecessaryWhenExecutorHasEnteredTheTaskOnlyRenamesIt() {
		UnitOfWork parent = work("parent");
		this.registry.run(parent, () -> {
			WorkSnapshot callable = this.registry.capture(UnitOfWork.Kind.TASK, () -> "callable");
			UnitOfWork task = this.registry.capture(UnitOfWork.Kind.TASK, () -> "FutureTask").renamable().create();
			this.registry.run(task, () -> {
				assertThat(callable.openIfNecessary()).isNull();
				assertThat(task.origin()).isEqualTo("callable");
				assertThat(this.registry.list()).containsExactly(parent, task);
			});
		});
	}

	@Test
	void openIfNecessaryWhenTaskIsAnotherOneEnters() {
		UnitOfWork parent = work("parent");
		this.registry.run(parent, () -> {
			WorkSnapshot first = this.registry.capture(UnitOfWork.Kind.TASK, () -> "first");
			WorkSnapshot second = this.registry.capture(UnitOfWork.Kind.TASK, () -> "second");
			assertThat(openIfNecessary(first)).containsExactly("parent", "first");
			this.registry.run(this.registry.capture(UnitOfWork.Kind.TASK, () -> "task").renamable().create(), () -> {
				assertThat(openIfNecessary(first)).containsExactly("parent", "first");
				assertThat(openIfNecessary(second)).containsExactly("parent", "first", "second");
			});
		});
	}

	@Test
	void openIfNecessaryWhenTaskIsNotRenamableEnters() {
		this.registry.run(work("parent"), () -> {
			WorkSnapshot callable = this.registry.capture(UnitOfWork.Kind.TASK, () -> "callable");
			this.registry.run(this.registry.capture(UnitOfWork.Kind.TASK, () -> "drain").create(),
					() -> assertThat(openIfNecessary(callable)).containsExactly("parent", "drain", "callable"));
		});
	}

	private List<String> openIfNecessary(WorkSnapshot snapshot) {
		try (Context.Scope scope = snapshot.openIfNecessary()) {
			return this.registry.list().stream().map(UnitOfWork::origin).toList();
		}
	}

	@Test
	void captureTakesValuesParentAndOrigin() {
		ContextVar<String> variable = ContextVar.of("v", "none");
		UnitOfWork parent = work("parent");
		List<WorkSnapshot> snapshots = new ArrayList<>();
		this.registry.run(parent, () -> {
			variable.set("captured");
			snapshots.add(this.registry.capture(UnitOfWork.Kind.TASK, () -> "task"));
			variable.set("later");
		});
		snapshots.add(this.registry.capture(parent, UnitOfWork.Kind.TASK, () -> "callback"));

		List<String> seen = new ArrayList<>();
		for (WorkSnapshot snapshot : snapshots) {
			for (int run = 0; run < 2; run++) {
				snapshot.run(() -> {
					UnitOfWork unit = this.registry.current();
					seen.add(unit.origin() + " of " + (unit.parent() == parent.id()) + ": " + variable.get());
					variable.set("the run's");
				});
			}
		}

		assertThat(seen).containsExactly("task of true: captured", "task of true: captured", "callback of true: later",
				"callback of true: later");
		assertThat(Context.depth()).isZero();
	}

	@Test
	void captureOutsideAnyContextIsEmptyAndHasNoParent() {
		UnitOfWork unit = this.registry.capture(UnitOfWork.Kind.TASK, () -> "task").create();

		assertThat(unit.context()).isEmpty();
		assertThat(unit.parent()).isNull();
	}

	@Test
	void workCanBeEnteredAgainOnAnotherThread() {
		UnitOfWork work = work("request");
		this.registry.run(work, () -> assertThat(this.registry.list()).containsExactly(work));
		CompletableFuture
			.runAsync(() -> this.registry.run(work, () -> assertThat(work.thread()).isSameAs(Thread.currentThread())))
			.join();
	}

	@Test
	void untrackedEntersAndRemembersNothing() {
		WorkRegistry untracked = WorkRegistry.nonTracking();
		ContextVar<String> variable = ContextVar.of("v", "none");
		UnitOfWork work = untracked.create(UnitOfWork.Kind.TASK, () -> "w", null, new Context());
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
		WorkRegistry untracked = WorkRegistry.nonTracking();
		UnitOfWork first = begin(untracked);
		UnitOfWork second = begin(untracked);

		assertThat(List.of(first.id(), second.id())).containsOnly(0L);
		assertThat(first.since()).isEqualTo(Instant.EPOCH);
		assertThat(untracked.awaitCompletion(first, new Object(), (result) -> false)).isFalse();
		assertThat(untracked.list()).isEmpty();
	}

	@Test
	void untrackedAllocatesNothingToRemember() {
		WorkRegistry untracked = WorkRegistry.nonTracking();
		UnitOfWork work = begin(untracked);
		UnitOfWork tracked = work("tracked");
		Runnable body = () -> {
		};

		long plain = allocatedBy(() -> work.context().run(body));
		assertThat(allocatedBy(() -> untracked.enter(work).close()))
			.isEqualTo(allocatedBy(() -> work.context().enter().close()));
		assertThat(allocatedBy(() -> untracked.run(work, body))).isLessThanOrEqualTo(plain + ONE_LAMBDA);
		assertThat(allocatedBy(() -> this.registry.run(tracked, body))).isGreaterThan(plain + ONE_LAMBDA);
	}

	@Test
	void outermostWorkEndsWhereTheStackIsExhausted() throws Exception {
		Runnable overflow = WorkRegistryTests::overflow;
		exhaustStack((work, distance) -> descend(distance, () -> this.registry.run(work, overflow)));
	}

	@Test
	void scopeEndsWithTheOuterWorkWhereTheStackIsExhausted() throws Exception {
		exhaustStack((work, distance) -> this.registry.run(work("outer"),
				() -> descend(distance, () -> this.registry.enter(work).close())));
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, 1, 2, 3, 4, 5, 6, 7 })
	void workEndsWhereMemoryIsExhausted(int call) throws Exception {
		HashlessThread thread = new HashlessThread(() -> {
			UnitOfWork outer = work("outer");
			UnitOfWork inner = work("inner");
			HashlessThread.failAtCall(call);
			try {
				this.registry.run(outer, () -> this.registry.enter(inner).close());
			}
			catch (OutOfMemoryError ex) {
				assertThat(ex).hasMessage("planned");
			}
			HashlessThread.failAtCall(-1);
			assertThat(List.of(outer, inner)).extracting(UnitOfWork::thread).containsOnlyNulls();
			assertThat(this.registry.current()).isNull();
			assertThat(Context.depth()).isZero();
		});
		thread.start();
		thread.join();
		assertThat(thread.failure).isNull();

		this.registry.run(work("next"), () -> {
		});

		assertThat(ReflectionTestUtils.getField(this.registry, "active")).asInstanceOf(InstanceOfAssertFactories.MAP)
			.isEmpty();
	}

	private void exhaustStack(BiConsumer<UnitOfWork, int[]> scenario) throws InterruptedException {
		// What is linked where the stack is exhausted could never be linked again.
		this.registry.run(work("outer"), () -> this.registry.enter(work("inner")).close());
		List<WeakReference<Context>> contexts = new ArrayList<>();
		for (int distance = 0; distance < 100; distance++) {
			UnitOfWork work = work("work");
			contexts.add(new WeakReference<>(work.context()));
			int[] frames = { distance };
			AtomicReference<Throwable> failure = new AtomicReference<>();
			Thread thread = new Thread(null, () -> scenario.accept(work, frames), "exhausted", 256 * 1024);
			thread.setUncaughtExceptionHandler((exhausted, ex) -> failure.set(ex));
			thread.start();
			thread.join();
			assertThat(failure.get()).isInstanceOf(StackOverflowError.class);
		}

		this.registry.run(work("next"), () -> {
		});

		assertThat(ReflectionTestUtils.getField(this.registry, "active")).asInstanceOf(InstanceOfAssertFactories.MAP)
			.isEmpty();
		assertThat(this.registry.list()).isEmpty();
		Awaitility.await().until(() -> {
			System.gc();
			return contexts.stream().allMatch((context) -> context.refersTo(null));
		});
	}

	// Runs the body at a distance from the end of the stack.
	private static void descend(int[] frames, Runnable body) {
		try {
			descend(frames, body);
		}
		catch (StackOverflowError ex) {
			if (frames[0]-- == 0) {
				body.run();
			}
			throw ex;
		}
	}

	private static void overflow() {
		overflow();
	}

	@Test
	void remoteIdIsMadeOnceAndNeverTheSameForTwoUnits() {
		Set<String> ids = new HashSet<>();
		for (int i = 0; i < 1000; i++) {
			UnitOfWork unit = work("sends");
			assertThat(unit.remoteId()).isNull();
			assertThat(unit.obtainRemoteId()).matches("[0-9a-f]{16}").isEqualTo(unit.obtainRemoteId());
			assertThat(unit.remoteId()).isEqualTo(unit.obtainRemoteId());
			ids.add(unit.obtainRemoteId());
		}
		assertThat(ids).hasSize(1000);
	}

	@Test
	void endedWorkIsNotRetained() {
		UnitOfWork kept = work("kept");
		WeakReference<Context> ended = new WeakReference<>(runOnce());
		WeakReference<Context> strong = new WeakReference<>(kept.context());

		Awaitility.await().until(() -> {
			System.gc();
			return ended.get() == null;
		});
		assertThat(strong.get()).isSameAs(kept.context());
	}

	private static UnitOfWork begin(WorkRegistry registry) {
		return registry.create(UnitOfWork.Kind.TASK, () -> "w", null, new Context());
	}

	// The smallest of many: other work of the JVM on this thread can only add.
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
		this.registry.run(work, () -> {
		});
		return work.context();
	}

	private UnitOfWork work(String origin) {
		return this.registry.create(UnitOfWork.Kind.TASK, () -> origin, null, new Context());
	}

	/**
	 * Thread for which one lookup in a map fails as if memory was exhausted.
	 */
	private static final class HashlessThread extends Thread {

		private int calls = -1;

		private Throwable failure;

		private HashlessThread(Runnable body) {
			super(body);
			setUncaughtExceptionHandler((thread, ex) -> this.failure = ex);
		}

		private static void failAtCall(int call) {
			((HashlessThread) Thread.currentThread()).calls = call;
		}

		@Override
		public boolean equals(Object other) {
			return this == other;
		}

		@Override
		public int hashCode() {
			if (this.calls >= 0 && this.calls-- == 0) {
				throw new OutOfMemoryError("planned");
			}
			return super.hashCode();
		}

	}

}

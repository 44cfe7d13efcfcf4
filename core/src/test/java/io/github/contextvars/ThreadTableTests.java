package io.github.contextvars;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import io.github.contextvars.testsupport.Garbage;
import io.github.contextvars.testsupport.Seeds;
import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ThreadTable}: threads that share a slot.
 */
class ThreadTableTests {

	private static final ContextVar<String> VAR = ContextVar.of("var", "none");

	private static final AtomicInteger IDS = new AtomicInteger(2048);

	// A new id for each test: a slot stays crowded, and tests of an empty slot would not
	// work in it.
	private final int id = IDS.getAndIncrement();

	/**
	 * Start threads with one id, and therefore one slot, which an application has only by
	 * accident.
	 */
	private <T> List<T> inOneSlot(int threads, Callable<T> body) throws Exception {
		return inThreads(Collections.nCopies(threads, this.id), body);
	}

	private static <T> List<T> inThreads(List<Integer> ids, Callable<T> body) throws Exception {
		List<Future<T>> futures = new ArrayList<>();
		for (int id : ids) {
			FutureTask<T> task = new FutureTask<>(body);
			new ThreadWithId(task, "thread-" + futures.size(), id).start();
			futures.add(task);
		}
		List<T> results = new ArrayList<>();
		for (Future<T> future : futures) {
			results.add(TestThreads.result(future));
		}
		return results;
	}

	/**
	 * Run a body on a thread while another thread with the same slot is in a context.
	 * @return the value that the other thread sees in the end, and the body's result
	 */
	private List<String> whileAnotherHasTheSlot(Callable<String> body) throws Exception {
		CyclicBarrier barrier = new CyclicBarrier(2);
		return inOneSlot(2, () -> {
			if (Thread.currentThread().getName().equals("thread-0")) {
				return new Context().call(() -> {
					VAR.set("first");
					TestThreads.await(barrier);
					TestThreads.await(barrier);
					return VAR.get();
				});
			}
			TestThreads.await(barrier);
			String value = body.call();
			TestThreads.await(barrier);
			return value;
		});
	}

	@Nested
	class Sharing {

		@Test
		void getWhenThreadsAreInContextsAtOnceReturnsTheirOwnValues() throws Exception {
			CyclicBarrier barrier = new CyclicBarrier(3);

			List<Boolean> own = inOneSlot(3, () -> {
				String mine = Thread.currentThread().getName();
				return new Context().call(() -> {
					VAR.set(mine);
					TestThreads.await(barrier);
					boolean first = VAR.get().equals(mine);
					TestThreads.await(barrier);
					boolean nested = new Context().call(() -> VAR.get().equals("none"));
					TestThreads.await(barrier);
					return first && nested && VAR.get().equals(mine);
				});
			});

			assertThat(own).containsExactly(true, true, true);
		}

		@Test
		void getWhenTheFirstThreadLeavesReturnsTheSecondThreadsValue() throws Exception {
			CyclicBarrier barrier = new CyclicBarrier(2);

			List<List<String>> seen = inOneSlot(2, () -> {
				boolean first = Thread.currentThread().getName().equals("thread-0");
				List<String> values = new ArrayList<>();
				if (!first) {
					TestThreads.await(barrier);
				}
				new Context().run(() -> {
					VAR.set(first ? "first" : "second");
					if (first) {
						TestThreads.await(barrier);
					}
					TestThreads.await(barrier);
					values.add(VAR.get());
				});
				values.add(VAR.get());
				TestThreads.await(barrier);
				return values;
			});

			assertThat(seen).containsExactly(List.of("first", "none"), List.of("second", "none"));
		}

		@Test
		void getWhenOnlyAnotherThreadIsInAContextReturnsTheDefault() throws Exception {
			assertThat(whileAnotherHasTheSlot(VAR::get)).containsExactly("first", "none");
		}

		@Test
		void getWhenThreadsHaveBaseContextsReturnsTheirOwnValues() throws Exception {
			CyclicBarrier barrier = new CyclicBarrier(2);

			List<Boolean> own = inOneSlot(2, () -> {
				String mine = Thread.currentThread().getName();
				VAR.set(mine);
				TestThreads.await(barrier);
				boolean before = VAR.get().equals(mine);
				new Context().run(() -> VAR.set("inside"));
				TestThreads.await(barrier);
				return before && VAR.get().equals(mine);
			});

			assertThat(own).containsExactly(true, true);
		}

		@Test
		void getWhenManyThreadsEnterAndLeaveNeverReturnsAnothersValue() throws Exception {
			long seed = Seeds.seed();

			List<Integer> strange = inOneSlot(16, () -> {
				String mine = Thread.currentThread().getName();
				Random random = new Random(seed + mine.hashCode());
				int wrong = 0;
				for (int i = 0; i < 20_000; i++) {
					boolean nested = random.nextBoolean();
					boolean right = VAR.get().equals("none") && new Context().call(() -> {
						VAR.set(mine);
						boolean inside = !nested
								|| Context.copyOfCurrent().call(() -> VAR.get().equals(mine) && VAR.set("x") != null);
						return inside && VAR.get().equals(mine);
					});
					wrong += right ? 0 : 1;
				}
				return wrong;
			});

			assertThat(strange).as("seed %d", seed).hasSize(16).containsOnly(0);
		}

	}

	@Nested
	class Slots {

		@Test
		void enterWhenIdsAreNearOrDistantUsesSeparateSlots() throws Exception {
			CyclicBarrier barrier = new CyclicBarrier(3);

			List<Boolean> own = inThreads(List.of(1, 2, 129), () -> new Context().call(() -> {
				TestThreads.await(barrier);
				boolean found = ThreadLocals.hasSlot(Thread.currentThread());
				TestThreads.await(barrier);
				return found;
			}));

			assertThat(own).containsExactly(true, true, true);
		}

		@Test
		void enterWhenThreadHasABaseContextUsesASlot() throws Exception {
			TestThreads.run(() -> {
				VAR.set("base");
				assertThat(ThreadLocals.hasSlot(Thread.currentThread())).isFalse();
				assertThat(new Context().call(() -> ThreadLocals.hasSlot(Thread.currentThread()))).isTrue();
			});
		}

		@Test
		void getWhenSlotIsCrowdedLeavesNothing() throws Exception {
			inOneSlot(1, () -> VAR.set("base"));

			assertThat(inOneSlot(1, () -> {
				VAR.get();
				return ThreadLocals.holdsStackOf(Thread.currentThread());
			})).containsExactly(false);
		}

	}

	@Nested
	class Erased {

		@Test
		void runWhenThreadLocalsAreErasedLeavesNothing() throws Exception {
			TestThreads.run(() -> {
				Thread thread = Thread.currentThread();
				new Context().call(() -> {
					ThreadLocals.erase(thread);
					return null;
				});
				assertThat(ThreadLocals.holdsStackOf(thread)).isFalse();
			});
		}

		@Test
		void closeWhenTheThreadHasAnotherStackKeepsThat() throws Exception {
			List<String> seen = whileAnotherHasTheSlot(() -> {
				Context.Scope erased = new Context().enter();
				ThreadLocals.erase(Thread.currentThread());
				return new Context().call(() -> {
					VAR.set("second");
					erased.close();
					return VAR.get();
				});
			});

			assertThat(seen).containsExactly("first", "second");
		}

	}

	@Nested
	class Retention {

		@Test
		void contextWhenThreadDiedInItIsCollectedAndFreesTheSlot() throws Exception {
			WeakReference<Context> context = inOneSlot(1, () -> {
				Context leaked = new Context();
				leaked.enter();
				return new WeakReference<>(leaked);
			}).get(0);

			assertThat(Garbage.isCollected(context)).isTrue();
			assertThat(inOneSlot(1, () -> new Context().call(() -> ThreadLocals.hasSlot(Thread.currentThread()))))
				.containsExactly(true);
		}

	}

	private static final class ThreadWithId extends Thread {

		private final int id;

		private ThreadWithId(Runnable task, String name, int id) {
			super(task, name);
			this.id = id;
			setDaemon(true);
		}

		@Override
		public long getId() {
			return this.id;
		}

	}

}

package io.github.contextvars;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ThreadTable}: threads that share a slot.
 */
class ThreadTableTests {

	private static final ContextVar<String> VAR = ContextVar.of("var", "none");

	/**
	 * Start threads of one id, and with it of one slot, which an application can only
	 * have by accident.
	 */
	private static <T> List<T> inOneSlot(int threads, Callable<T> body) throws Exception {
		List<Future<T>> futures = new ArrayList<>();
		for (int i = 0; i < threads; i++) {
			FutureTask<T> task = new FutureTask<>(body);
			new OneSlotThread(task, i).start();
			futures.add(task);
		}
		List<T> results = new ArrayList<>();
		for (Future<T> future : futures) {
			results.add(TestThreads.result(future));
		}
		return results;
	}

	@Nested
	class Sharing {

		@Test
		void threadsThatAreInContextsAtOnceSeeTheirOwn() throws Exception {
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
		void threadThatComesLaterKeepsItsContextWhenTheFirstLeaves() throws Exception {
			CyclicBarrier barrier = new CyclicBarrier(2);

			List<List<String>> seen = inOneSlot(2, () -> {
				boolean first = Thread.currentThread().getName().equals("one-slot-0");
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
		void threadInNoContextSeesNoneWhileAnotherIsInOne() throws Exception {
			CyclicBarrier barrier = new CyclicBarrier(2);

			List<String> seen = inOneSlot(2, () -> {
				if (Thread.currentThread().getName().equals("one-slot-0")) {
					return new Context().call(() -> {
						VAR.set("first");
						TestThreads.await(barrier);
						TestThreads.await(barrier);
						return VAR.get();
					});
				}
				TestThreads.await(barrier);
				String value = VAR.get();
				TestThreads.await(barrier);
				return value;
			});

			assertThat(seen).containsExactly("first", "none");
		}

		@Test
		void baseContextsOfThreadsThatShareASlotAreTheirOwn() throws Exception {
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
		void manyThreadsThatComeAndGoNeverSeeAnothersValue() throws Exception {
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
	class Erasure {

		@Test
		void closeAfterThreadLocalsWereErasedLeavesTheNextTaskItsContext() throws Exception {
			CyclicBarrier barrier = new CyclicBarrier(2);

			List<List<String>> seen = inOneSlot(2, () -> {
				boolean first = Thread.currentThread().getName().equals("one-slot-0");
				if (first) {
					// Has the slot, so that the other has its ThreadLocal only.
					new Context().run(() -> {
						TestThreads.await(barrier);
						TestThreads.await(barrier);
					});
					return List.of();
				}
				TestThreads.await(barrier);
				List<String> values = seenByTwoTasks();
				TestThreads.await(barrier);
				return values;
			});

			assertThat(seen.get(1)).containsExactly("none", "second", "second", "none");
		}

		private List<String> seenByTwoTasks() throws Exception {
			List<String> values = new ArrayList<>();
			Context.Scope forgotten = new Context().enter();
			VAR.set("first");
			ThreadLocals.erase();
			values.add(VAR.get());
			new Context().run(() -> {
				VAR.set("second");
				values.add(VAR.get());
				forgotten.close();
				values.add(VAR.get());
			});
			values.add(VAR.get());
			return values;
		}

	}

	@Nested
	class Retention {

		@Test
		void contextThatAThreadDiedInIsCollectedAndTheNextThreadTakesTheSlot() throws Exception {
			WeakReference<Context> context = inOneSlot(1, () -> {
				Context forgotten = new Context();
				forgotten.enter();
				return new WeakReference<>(forgotten);
			}).get(0);

			assertThat(Garbage.isCollected(context)).isTrue();
			assertThat(inOneSlot(1, () -> new Context().call(() -> ThreadLocals.hasSlot(Thread.currentThread()))))
				.containsExactly(true);
		}

	}

	private static final class OneSlotThread extends Thread {

		private OneSlotThread(Runnable task, int number) {
			super(task, "one-slot-" + number);
			setDaemon(true);
		}

		@Override
		public long getId() {
			return 7;
		}

	}

}

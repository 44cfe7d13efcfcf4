package io.github.contextvars;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of several threads that use one context.
 */
class ConcurrencyTests {

	private static final int RACERS = 4;

	private static final int ROUNDS = 3_000;

	private static final ContextVar<Integer> FIRST = ContextVar.of("first", 0);

	private static final ContextVar<Integer> SECOND = ContextVar.of("second", 0);

	private static final ContextVar<Integer> THIRD = ContextVar.of("third");

	@Nested
	class Entering {

		@Test
		void enterWhenThreadsRaceIsWonByExactlyOne() throws Exception {
			Context context = new Context();
			int[] wins = new int[ROUNDS];
			AtomicInteger won = new AtomicInteger();
			CyclicBarrier barrier = new CyclicBarrier(RACERS);

			TestThreads.together(RACERS, () -> {
				for (int round = 0; round < ROUNDS; round++) {
					TestThreads.await(barrier);
					Context.Scope scope = tryToEnter(context);
					if (scope != null) {
						won.incrementAndGet();
					}
					TestThreads.await(barrier);
					wins[round] = won.get();
					TestThreads.await(barrier);
					if (scope != null) {
						won.set(0);
						scope.close();
					}
				}
				return null;
			});

			assertThat(wins).containsOnly(1);
		}

		@Test
		void enterWhenThreadsEnterAndLeaveIsWonByOneAtATime() throws Exception {
			Context context = new Context();
			AtomicInteger inside = new AtomicInteger();

			List<Integer> wins = TestThreads.together(RACERS, () -> {
				int won = 0;
				for (int i = 0; i < 200_000; i++) {
					Context.Scope scope = tryToEnter(context);
					if (scope != null) {
						won++;
						int here = inside.incrementAndGet();
						FIRST.set(FIRST.get() + 1);
						assertThat(here).isEqualTo(1);
						inside.decrementAndGet();
						scope.close();
					}
				}
				return won;
			});

			assertThat(context.get(FIRST)).isEqualTo(wins.stream().mapToInt(Integer::intValue).sum());
		}

		private Context.Scope tryToEnter(Context context) {
			try {
				return context.enter();
			}
			catch (IllegalStateException ex) {
				return null;
			}
		}

	}

	@Nested
	class Reading {

		@ParameterizedTest
		@EnumSource(Read.class)
		void readWhenAnotherThreadSetsSeesConsistentStatesOnly(Read read) throws Exception {
			Context context = new Context();
			AtomicBoolean stop = new AtomicBoolean();
			Future<Integer> setter = TestThreads.start("setter", () -> context.call(() -> {
				int i = 0;
				while (!stop.get()) {
					i++;
					FIRST.set(i);
					SECOND.set(i);
				}
				return i;
			}));

			try {
				TestThreads.together(2, () -> {
					int before = 0;
					for (int i = 0; i < 20_000; i++) {
						Map<ContextVar<?>, Object> seen = read.read(context);
						int first = (Integer) seen.getOrDefault(FIRST, 0);
						int second = (Integer) seen.getOrDefault(SECOND, 0);
						assertThat(first - second).isBetween(0, 1);
						assertThat(second).isGreaterThanOrEqualTo(before);
						before = second;
					}
					return null;
				});
			}
			finally {
				stop.set(true);
			}
			TestThreads.result(setter);
		}

		@Test
		void traverseWhenAnotherThreadSetsAndResetsNeverThrows() throws Exception {
			Context context = new Context();
			List<ContextVar<Object>> variables = new ArrayList<>();
			for (int i = 0; i < 200; i++) {
				variables.add(ContextVar.of("v"));
			}
			AtomicBoolean stop = new AtomicBoolean();
			Future<Void> setter = TestThreads.start("setter", () -> context.call(() -> {
				while (!stop.get()) {
					List<Token<Object>> tokens = new ArrayList<>();
					variables.forEach((var) -> tokens.add(var.set("value")));
					tokens.forEach(Token::close);
				}
				return null;
			}));

			try {
				TestThreads.together(2, () -> {
					for (int i = 0; i < 3_000; i++) {
						assertThat(context.keySet().stream().toArray()).doesNotContainNull();
						assertThat(context.values().stream().toArray()).doesNotContainNull();
						assertThat(context.entrySet().stream().toArray()).doesNotContainNull();
						assertThat(context.keySet().toArray()).doesNotContainNull();
						assertThat(context.values().toArray(new Object[0])).doesNotContainNull();
						assertThat(new HashMap<>(context)).doesNotContainValue(null);
						assertThat(context.keySet().parallelStream().count()).isBetween(0L, 200L);
						assertThat(context.toString()).startsWith("Context[").endsWith("]");
						context.hashCode();
						context.equals(context.copy());
						Context copy = context.copy();
						assertThat(copy.keySet()).hasSize(copy.size());
						assertThat(copy.equals(new HashMap<>(copy))).isTrue();
					}
					return null;
				});
			}
			finally {
				stop.set(true);
			}
			TestThreads.result(setter);
		}

		@Test
		void compareViewsWhenAnotherThreadSetsAndResetsSeesConsistentStatesOnly() throws Exception {
			Context both = new Context();
			both.run(() -> {
				FIRST.set(1);
				SECOND.set(1);
			});
			Context either = new Context();
			AtomicBoolean stop = new AtomicBoolean();
			Future<Void> setter = TestThreads.start("setter", () -> either.call(() -> {
				while (!stop.get()) {
					try (Token<Integer> first = FIRST.set(1); Token<Integer> third = THIRD.set(1)) {
						Thread.onSpinWait();
					}
					try (Token<Integer> second = SECOND.set(1); Token<Integer> third = THIRD.set(1)) {
						Thread.onSpinWait();
					}
				}
				return null;
			}));

			try {
				for (int i = 0; i < 100_000; i++) {
					assertThat(both.keySet().equals(either.keySet())).isFalse();
					assertThat(both.entrySet().equals(either.entrySet())).isFalse();
					assertThat(either.keySet().containsAll(List.of(FIRST, SECOND))).isFalse();
				}
			}
			finally {
				stop.set(true);
			}
			TestThreads.result(setter);
		}

	}

	@Nested
	class HandingOver {

		@Test
		void runWhenContextMovesBetweenThreadsLosesNothing() throws Exception {
			Context context = new Context();

			TestThreads.together(RACERS, () -> {
				int done = 0;
				while (done < 5_000) {
					try {
						context.run(() -> {
							Token<Integer> token = SECOND.set(-1);
							FIRST.set(FIRST.get() + 1);
							SECOND.reset(token);
						});
						done++;
					}
					catch (IllegalStateException ex) {
						Thread.onSpinWait();
					}
				}
				return null;
			});

			assertThat(context.get(FIRST)).isEqualTo(RACERS * 5_000);
			assertThat(context).hasSize(1);
		}

	}

	/**
	 * The ways to take a snapshot.
	 */
	enum Read {

		/**
		 * A copy.
		 */
		COPY {
			@Override
			Map<ContextVar<?>, Object> read(Context context) {
				return context.copy();
			}
		},

		/**
		 * What an iterator walks.
		 */
		ITERATE {
			@Override
			Map<ContextVar<?>, Object> read(Context context) {
				Map<ContextVar<?>, Object> seen = new HashMap<>();
				for (Map.Entry<ContextVar<?>, Object> entry : context.entrySet()) {
					seen.put(entry.getKey(), entry.getValue());
				}
				return seen;
			}
		},

		/**
		 * What a stream gives.
		 */
		STREAM {
			@Override
			Map<ContextVar<?>, Object> read(Context context) {
				Map<ContextVar<?>, Object> seen = new HashMap<>();
				context.entrySet().stream().forEach((entry) -> seen.put(entry.getKey(), entry.getValue()));
				return seen;
			}
		},

		/**
		 * What {@code forEach()} visits.
		 */
		FOR_EACH {
			@Override
			Map<ContextVar<?>, Object> read(Context context) {
				Map<ContextVar<?>, Object> seen = new HashMap<>();
				context.forEach(seen::put);
				return seen;
			}
		},

		/**
		 * What a wrapped body sees.
		 */
		WRAP {
			@Override
			Map<ContextVar<?>, Object> read(Context context) {
				return context.wrapSupplier(Context::copyOfCurrent).get();
			}
		};

		abstract Map<ContextVar<?>, Object> read(Context context);

	}

}

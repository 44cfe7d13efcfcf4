package io.github.contextvars;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for {@link ContextExecutors}.
 */
class ContextExecutorsTests {

	private static final ContextVar<String> VAR = ContextVar.of("var", "none");

	private final ScheduledExecutorService pool = Executors.newScheduledThreadPool(2);

	@AfterEach
	void stopPool() {
		this.pool.shutdownNow();
	}

	private static Context contextOf(String value) {
		Context context = new Context();
		context.run(() -> VAR.set(value));
		return context;
	}

	private static <T> T in(String value, Callable<T> body) throws Exception {
		return contextOf(value).<T, Exception>call(body::call);
	}

	private static <T> T get(Future<T> future) throws Exception {
		return future.get(1, TimeUnit.MINUTES);
	}

	/**
	 * Read the variable and change it, which other code in the same context would see.
	 */
	private static String readAndChange() {
		String seen = VAR.get();
		VAR.set("changed");
		return seen;
	}

	private ScheduledExecutorService wrapped() {
		return ContextExecutors.wrap(this.pool);
	}

	@Nested
	class WrapExecutor {

		@Test
		void executeRunsInACopyOfTheSubmittersContext() throws Exception {
			Executor executor = ContextExecutors.wrap((Executor) ContextExecutorsTests.this.pool);
			CompletableFuture<String> seen = new CompletableFuture<>();

			in("submitter", () -> {
				executor.execute(() -> seen.complete(readAndChange()));
				VAR.set("later");
				assertThat(get(seen)).isEqualTo("submitter");
				assertThat(VAR.get()).isEqualTo("later");
				return null;
			});
		}

		@Test
		void executeWhenSubmitterHasNoContextRunsInAnEmptyOne() throws Exception {
			ContextExecutorsTests.this.pool.submit(() -> VAR.set("left in the pool's thread")).get();
			Executor executor = ContextExecutors.wrap((Executor) Runnable::run);

			TestThreads.run(() -> executor.execute(() -> {
				assertThat(Context.copyOfCurrent()).isEmpty();
				VAR.set("inside");
			}));
		}

		@Test
		void executeWhenTheThreadHasABaseContextDoesNotSeeIt() throws Exception {
			ExecutorService single = Executors.newSingleThreadExecutor();
			try {
				get(single.submit(() -> VAR.set("base")));
				assertThat(get(single.submit(() -> VAR.get()))).isEqualTo("base");

				assertThat(get(ContextExecutors.wrap(single).submit(() -> VAR.get()))).isEqualTo("none");
			}
			finally {
				single.shutdownNow();
			}
		}

		@Test
		void executeWhenTaskThrowsThrowsTheSame() {
			IllegalCallerException failure = new IllegalCallerException();

			assertThat(catchThrowable(() -> ContextExecutors.wrap((Executor) Runnable::run).execute(() -> {
				throw failure;
			}))).isSameAs(failure);
		}

	}

	@Nested
	class WrapExecutorService {

		@Test
		void submitRunsInACopyOfTheSubmittersContext() throws Exception {
			ExecutorService executor = ContextExecutors.wrap((ExecutorService) ContextExecutorsTests.this.pool);
			List<String> seen = new CopyOnWriteArrayList<>();

			in("submitter", () -> {
				assertThat(get(executor.submit(ContextExecutorsTests::readAndChange))).isEqualTo("submitter");
				assertThat(get(executor.submit((Runnable) () -> seen.add(readAndChange())))).isNull();
				assertThat(get(executor.submit(() -> seen.add(readAndChange()), "result"))).isEqualTo("result");
				assertThat(VAR.get()).isEqualTo("submitter");
				return null;
			});

			assertThat(seen).containsExactly("submitter", "submitter");
		}

		@Test
		void submitWhenTheSameTaskIsSubmittedTwiceCapturesEachTime() throws Exception {
			ExecutorService executor = wrapped();
			Callable<String> task = ContextExecutorsTests::readAndChange;

			Future<String> first = in("first", () -> executor.submit(task));
			Future<String> second = in("second", () -> executor.submit(task));

			assertThat(get(first)).isEqualTo("first");
			assertThat(get(second)).isEqualTo("second");
		}

		@Test
		void submitWhenTaskThrowsCheckedExceptionIsItsCause() {
			IOException failure = new IOException();

			assertThat(catchThrowable(() -> get(wrapped().submit((Callable<String>) () -> {
				throw failure;
			})))).isInstanceOf(ExecutionException.class).hasCause(failure);
		}

		@Test
		void invokeAllRunsEachTaskInASeparateCopy() throws Exception {
			ExecutorService executor = wrapped();
			List<Callable<String>> tasks = new ArrayList<>();
			for (int i = 0; i < 20; i++) {
				tasks.add(ContextExecutorsTests::readAndChange);
			}

			List<String> seen = in("submitter", () -> {
				List<String> results = new ArrayList<>();
				for (Future<String> future : executor.invokeAll(tasks)) {
					results.add(get(future));
				}
				for (Future<String> future : executor.invokeAll(tasks, 1, TimeUnit.MINUTES)) {
					results.add(get(future));
				}
				return results;
			});

			assertThat(seen).hasSize(40).containsOnly("submitter");
		}

		@Test
		void invokeAnyRunsInACopyOfTheSubmittersContext() throws Exception {
			ExecutorService executor = wrapped();
			List<Callable<String>> tasks = List.of(ContextExecutorsTests::readAndChange,
					ContextExecutorsTests::readAndChange);

			assertThat(in("submitter", () -> executor.invokeAny(tasks))).isEqualTo("submitter");
			assertThat(in("submitter", () -> executor.invokeAny(tasks, 1, TimeUnit.MINUTES))).isEqualTo("submitter");
		}

		@Test
		void shutdownReachesTheWrappedExecutor() throws Exception {
			ExecutorService executor = wrapped();
			assertThat(executor.isShutdown()).isFalse();
			assertThat(executor.isTerminated()).isFalse();
			assertThat(executor.awaitTermination(1, TimeUnit.MILLISECONDS)).isFalse();

			executor.shutdown();

			assertThat(ContextExecutorsTests.this.pool.isShutdown()).isTrue();
			assertThat(executor.isShutdown()).isTrue();
			assertThat(executor.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
			assertThat(executor.isTerminated()).isTrue();
		}

		@Test
		void shutdownNowReturnsWhatDidNotRun() throws Exception {
			ExecutorService single = Executors.newSingleThreadExecutor();
			ExecutorService executor = ContextExecutors.wrap(single);
			CountDownLatch started = new CountDownLatch(1);
			executor.execute(() -> {
				started.countDown();
				catchThrowable(() -> new CountDownLatch(1).await());
			});
			TestThreads.await(started);
			executor.execute(() -> {
			});

			assertThat(executor.shutdownNow()).hasSize(1);
			assertThat(single.isShutdown()).isTrue();
		}

		@Test
		void toStringNamesTheWrappedExecutor() {
			assertThat(wrapped()).hasToString("ContextExecutors[" + ContextExecutorsTests.this.pool + "]");
		}

	}

	@Nested
	class Close {

		@Test
		void closeShutsDown() throws Exception {
			ExecutorService executor = wrapped();
			Future<String> last = in("submitter", () -> executor.submit(() -> VAR.get()));

			((AutoCloseable) executor).close();

			assertThat(ContextExecutorsTests.this.pool.isShutdown()).isTrue();
			assertThat(get(last)).isEqualTo("submitter");
		}

		@Test
		void closeWhenDelegateCanBeClosedClosesIt() throws Exception {
			ExecutorService pool = ContextExecutorsTests.this.pool;
			ExecutorService executor = ContextExecutors.wrap(ContextExecutors.fixed(pool, new Context()));

			((AutoCloseable) executor).close();

			assertThat(pool.isShutdown()).isTrue();
		}

		@Test
		@EnabledForJreRange(min = JRE.JAVA_19)
		void closeWhenCalledAsExecutorServiceWaitsForTasks() throws Exception {
			ExecutorService executor = wrapped();
			Future<String> last = in("submitter", () -> executor.submit(() -> VAR.get()));

			ExecutorService.class.getMethod("close").invoke(executor);

			assertThat(executor.isTerminated()).isTrue();
			assertThat(last.isDone()).isTrue();
		}

		@Test
		@EnabledForJreRange(min = JRE.JAVA_19)
		void closeWhenDelegateIsTheCommonPoolDoesNotWaitForever() throws Exception {
			ExecutorService executor = ContextExecutors.wrap((ExecutorService) ForkJoinPool.commonPool());

			TestThreads.run(() -> ExecutorService.class.getMethod("close").invoke(executor));

			assertThat(executor.isShutdown()).isFalse();
		}

	}

	@Nested
	class WrapScheduled {

		@Test
		void scheduleRunsInACopyOfTheSubmittersContext() throws Exception {
			ScheduledExecutorService executor = wrapped();
			List<String> seen = new CopyOnWriteArrayList<>();

			in("submitter", () -> {
				assertThat(get(executor.schedule(ContextExecutorsTests::readAndChange, 1, TimeUnit.MILLISECONDS)))
					.isEqualTo("submitter");
				get(executor.schedule((Runnable) () -> seen.add(readAndChange()), 1, TimeUnit.MILLISECONDS));
				return null;
			});

			assertThat(seen).containsExactly("submitter");
		}

		@Test
		void scheduleAtFixedRateRunsInAFreshCopyEachTime() throws Exception {
			ScheduledExecutorService executor = wrapped();
			List<String> seen = new CopyOnWriteArrayList<>();
			CountDownLatch runs = new CountDownLatch(10);

			ScheduledFuture<?> periodic = in("submitter", () -> executor.scheduleAtFixedRate(() -> {
				seen.add(readAndChange());
				runs.countDown();
			}, 0, 1, TimeUnit.MILLISECONDS));
			TestThreads.await(runs);
			periodic.cancel(false);

			assertThat(seen).hasSizeGreaterThanOrEqualTo(10).containsOnly("submitter");
		}

		@Test
		void scheduleWithFixedDelayRunsInAFreshCopyEachTime() throws Exception {
			ScheduledExecutorService executor = wrapped();
			List<String> seen = new CopyOnWriteArrayList<>();
			CountDownLatch runs = new CountDownLatch(10);

			ScheduledFuture<?> periodic = in("submitter", () -> executor.scheduleWithFixedDelay(() -> {
				seen.add(readAndChange());
				runs.countDown();
			}, 0, 1, TimeUnit.MILLISECONDS));
			TestThreads.await(runs);
			periodic.cancel(false);

			assertThat(seen).hasSizeGreaterThanOrEqualTo(10).containsOnly("submitter");
		}

	}

	@Nested
	class WrapThreadFactory {

		@Test
		void newThreadRunsInACopyOfTheCreatorsContext() throws Exception {
			ThreadFactory factory = ContextExecutors.wrap((ThreadFactory) Thread::new);
			CompletableFuture<String> seen = new CompletableFuture<>();

			Thread thread = in("maker", () -> factory.newThread(() -> seen.complete(readAndChange())));
			in("starter", () -> {
				thread.start();
				return null;
			});

			assertThat(get(seen)).isEqualTo("maker");
		}

		@Test
		void wrapWhenWrappedReturnsTheSame() {
			ThreadFactory factory = ContextExecutors.wrap((ThreadFactory) Thread::new);

			assertThat(ContextExecutors.wrap(factory)).isSameAs(factory);
		}

	}

	@Nested
	class Fixed {

		@Test
		void fixedRunsInAFreshCopyOfTheValuesAsTheyWere() throws Exception {
			Context context = contextOf("fixed");
			Executor executor = ContextExecutors.fixed((Executor) Runnable::run, context);
			ExecutorService service = ContextExecutors.fixed((ExecutorService) ContextExecutorsTests.this.pool,
					context);
			List<String> seen = new ArrayList<>();

			context.run(() -> VAR.set("later"));
			in("submitter", () -> {
				executor.execute(() -> seen.add(readAndChange()));
				executor.execute(() -> seen.add(readAndChange()));
				seen.add(get(service.submit(ContextExecutorsTests::readAndChange)));
				seen.add(get(service.submit(ContextExecutorsTests::readAndChange)));
				return null;
			});

			assertThat(seen).hasSize(4).containsOnly("fixed");
			assertThat(context.get(VAR)).isEqualTo("later");
		}

		@Test
		void fixedWhenUsedByACompletableFuturePropagatesToEveryStage() throws Exception {
			ExecutorService plain = ContextExecutorsTests.this.pool;
			Executor executor = in("request", () -> ContextExecutors.fixed((Executor) plain, Context.copyOfCurrent()));

			CompletableFuture<String> seen = CompletableFuture.supplyAsync(() -> "completed elsewhere", plain)
				.thenApplyAsync((ignored) -> readAndChange(), executor)
				.thenApplyAsync((first) -> first + " " + readAndChange(), executor);

			assertThat(get(seen)).isEqualTo("request request");
		}

	}

	@Nested
	class Within {

		@Test
		void withinRunsEveryTaskInTheContextItself() {
			Context context = contextOf("0");
			Executor executor = ContextExecutors.within(Runnable::run, context);

			for (int i = 1; i <= 10; i++) {
				executor.execute(() -> VAR.set(Integer.toString(Integer.parseInt(VAR.get()) + 1)));
			}

			assertThat(context.get(VAR)).isEqualTo("10");
			assertThat(VAR.get()).isEqualTo("none");
		}

		@Test
		void withinWhenTasksOverlapFailsTheLaterOne() throws Exception {
			Context context = contextOf("loop");
			Executor executor = ContextExecutors.within(Runnable::run, context);
			CountDownLatch inside = new CountDownLatch(1);
			CountDownLatch release = new CountDownLatch(1);
			Future<Void> first = TestThreads.start("exec-1", () -> {
				executor.execute(() -> {
					inside.countDown();
					TestThreads.await(release);
				});
				return null;
			});
			TestThreads.await(inside);

			assertThat(catchThrowable(() -> executor.execute(() -> VAR.set("overlap"))))
				.isInstanceOf(IllegalStateException.class)
				.hasMessage("Context is already entered by thread 'exec-1'; run a copy() of it");

			release.countDown();
			TestThreads.result(first);
			assertThat(context.get(VAR)).isEqualTo("loop");
		}

		@Test
		void withinWhenTasksOverlapInACompletableFutureFailsThatStage() {
			Executor executor = ContextExecutors.within(Runnable::run, new Context());

			assertThat(catchThrowable(() -> executor
				.execute(() -> CompletableFuture.runAsync(() -> VAR.set("overlap"), executor).join())))
				.satisfiesAnyOf((thrown) -> assertThat(thrown).isInstanceOf(IllegalStateException.class),
						(thrown) -> assertThat(thrown).isInstanceOf(CompletionException.class)
							.hasCauseInstanceOf(IllegalStateException.class));
		}

	}

	@Nested
	class Nesting {

		@Test
		void wrapWhenItHasThePolicyReturnsTheSame() {
			Executor plain = Runnable::run;
			Context context = contextOf("context");
			Executor executor = ContextExecutors.wrap(plain);
			ExecutorService service = ContextExecutors.wrap((ExecutorService) ContextExecutorsTests.this.pool);
			ScheduledExecutorService scheduled = wrapped();
			Executor fixed = ContextExecutors.fixed(plain, context);
			ExecutorService fixedService = ContextExecutors.fixed((ExecutorService) ContextExecutorsTests.this.pool,
					context);
			Executor within = ContextExecutors.within(plain, context);

			assertThat(ContextExecutors.wrap(executor)).isSameAs(executor);
			assertThat(ContextExecutors.wrap(service)).isSameAs(service);
			assertThat(ContextExecutors.wrap((Executor) service)).isSameAs(service);
			assertThat(ContextExecutors.wrap(scheduled)).isSameAs(scheduled);
			assertThat(ContextExecutors.wrap((ExecutorService) scheduled)).isSameAs(scheduled);
			assertThat(ContextExecutors.fixed(fixed, context)).isSameAs(fixed);
			assertThat(ContextExecutors.fixed(fixedService, context)).isSameAs(fixedService);
			assertThat(ContextExecutors.within(within, context)).isSameAs(within);
		}

		@Test
		void wrapWhenThePolicyDiffersWraps() {
			Context context = contextOf("context");
			Executor fixed = ContextExecutors.fixed((Executor) Runnable::run, context);
			Executor within = ContextExecutors.within(Runnable::run, context);

			assertThat(ContextExecutors.fixed(fixed, contextOf("context"))).isNotSameAs(fixed);
			assertThat(ContextExecutors.within(within, context.copy())).isNotSameAs(within);
			assertThat(ContextExecutors.within(within, contextOf("context"))).isNotSameAs(within);
			assertThat(ContextExecutors.wrap(fixed)).isNotSameAs(fixed);
			context.run(() -> VAR.set("changed"));
			assertThat(ContextExecutors.fixed(fixed, context)).isNotSameAs(fixed);
		}

		@Test
		void wrapWhenNestedAppliesTheOutermostPolicy() throws Exception {
			Executor plain = Runnable::run;
			Context fixed = contextOf("fixed");
			Context within = contextOf("within");

			in("submitter", () -> {
				assertThat(seenBy(ContextExecutors.wrap(ContextExecutors.fixed(plain, fixed)))).isEqualTo("submitter");
				assertThat(seenBy(ContextExecutors.wrap(ContextExecutors.within(plain, within))))
					.isEqualTo("submitter");
				assertThat(seenBy(ContextExecutors.fixed(ContextExecutors.wrap(plain), fixed))).isEqualTo("fixed");
				assertThat(seenBy(ContextExecutors.fixed(ContextExecutors.within(plain, within), fixed)))
					.isEqualTo("fixed");
				assertThat(seenBy(ContextExecutors.fixed(ContextExecutors.fixed(plain, within), fixed)))
					.isEqualTo("fixed");
				assertThat(seenBy(ContextExecutors.within(ContextExecutors.wrap(plain), within))).isEqualTo("within");
				assertThat(within.get(VAR)).isEqualTo("changed");
				return null;
			});
		}

		private String seenBy(Executor executor) {
			List<String> seen = new ArrayList<>();
			executor.execute(() -> seen.add(readAndChange()));
			return seen.get(0);
		}

	}

	@Nested
	class Nulls {

		@Test
		void wrapWhenExecutorIsNullThrows() {
			assertThatNullPointerException().isThrownBy(() -> ContextExecutors.wrap((Executor) null))
				.withMessage("'executor' must not be null");
			assertThatNullPointerException().isThrownBy(() -> ContextExecutors.wrap((ExecutorService) null))
				.withMessage("'executor' must not be null");
			assertThatNullPointerException().isThrownBy(() -> ContextExecutors.wrap((ScheduledExecutorService) null))
				.withMessage("'executor' must not be null");
			assertThatNullPointerException().isThrownBy(() -> ContextExecutors.wrap((ThreadFactory) null))
				.withMessage("'factory' must not be null");
			assertThatNullPointerException().isThrownBy(() -> ContextExecutors.fixed((Executor) null, new Context()))
				.withMessage("'executor' must not be null");
			assertThatNullPointerException()
				.isThrownBy(() -> ContextExecutors.fixed((ExecutorService) null, new Context()))
				.withMessage("'executor' must not be null");
			assertThatNullPointerException().isThrownBy(() -> ContextExecutors.within(null, new Context()))
				.withMessage("'executor' must not be null");
		}

		@Test
		void fixedAndWithinWhenContextIsNullThrow() {
			assertThatNullPointerException().isThrownBy(() -> ContextExecutors.fixed((Executor) Runnable::run, null))
				.withMessage("'context' must not be null");
			assertThatNullPointerException()
				.isThrownBy(() -> ContextExecutors.fixed((ExecutorService) ContextExecutorsTests.this.pool, null))
				.withMessage("'context' must not be null");
			assertThatNullPointerException().isThrownBy(() -> ContextExecutors.within(Runnable::run, null))
				.withMessage("'context' must not be null");
		}

		@Test
		void submitWhenTaskIsNullThrows() {
			ScheduledExecutorService executor = wrapped();

			for (ThrowingCallable call : List.<ThrowingCallable>of(() -> executor.execute(null),
					() -> executor.submit((Runnable) null), () -> executor.submit((Callable<?>) null),
					() -> executor.submit(null, "result"),
					() -> executor.schedule((Runnable) null, 1, TimeUnit.SECONDS),
					() -> executor.schedule((Callable<?>) null, 1, TimeUnit.SECONDS),
					() -> executor.scheduleAtFixedRate(null, 1, 1, TimeUnit.SECONDS),
					() -> executor.scheduleWithFixedDelay(null, 1, 1, TimeUnit.SECONDS),
					() -> ContextExecutors.wrap((ThreadFactory) Thread::new).newThread(null),
					() -> ContextExecutors.within(Runnable::run, new Context()).execute(null))) {
				assertThatNullPointerException().isThrownBy(call).withMessage("'task' must not be null");
			}
			assertThatNullPointerException().isThrownBy(() -> executor.invokeAll(null))
				.withMessage("'tasks' must not be null");
			assertThatNullPointerException().isThrownBy(() -> executor.invokeAny(null))
				.withMessage("'tasks' must not be null");
		}

	}

}

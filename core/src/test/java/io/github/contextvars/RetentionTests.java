package io.github.contextvars;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import io.github.contextvars.testsupport.Garbage;
import io.github.contextvars.testsupport.LogCapture;
import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests that no context or value is retained after its last use.
 */
class RetentionTests {

	private static final ContextVar<Object> VAR = ContextVar.of("var");

	private static Context holding(Object value) {
		Context context = new Context();
		context.run(() -> VAR.set(value));
		return context;
	}

	@Nested
	class Kept {

		@Test
		void valueWhenContextIsHeldIsKept() {
			Object value = new Object();
			WeakReference<Object> reference = new WeakReference<>(value);
			Context context = holding(value);
			value = null;

			assertThat(Garbage.isKept(reference)).isTrue();
			Reference.reachabilityFence(context);
		}

		@Test
		void contextWhenTokenIsNotUsedIsKept() {
			Context context = new Context();
			WeakReference<Context> reference = new WeakReference<>(context);
			Token<Object> token = context.call(() -> VAR.set("value"));
			context = null;

			assertThat(Garbage.isKept(reference)).isTrue();
			Reference.reachabilityFence(token);
		}

		@Test
		void contextWhenScopeIsOpenIsKept() throws Exception {
			TestThreads.run(() -> {
				WeakReference<Context> reference = new WeakReference<>(new Context());
				Context.Scope scope = reference.get().enter();
				assertThat(Garbage.isKept(reference)).isTrue();
				scope.close();
			});
		}

	}

	@Nested
	class Collected {

		@Test
		void contextWhenRunHasEndedIsCollected() {
			WeakReference<Object> value = new WeakReference<>(new Object());
			WeakReference<Context> context = new WeakReference<>(holding(value.get()));

			new Context().run(() -> context.get().run(() -> assertThat(VAR.get()).isNotNull()));

			assertThat(Garbage.isCollected(context)).isTrue();
			assertThat(Garbage.isCollected(value)).isTrue();
		}

		@Test
		void contextWhenOuterOneIsStillEnteredIsCollected() {
			WeakReference<Context> inner = new WeakReference<>(new Context());

			new Context().run(() -> {
				try (Context.Scope scope = inner.get().enter()) {
					VAR.set("other");
				}
				inner.get().run(() -> VAR.set("value"));
				assertThat(Garbage.isCollected(inner)).isTrue();
			});
		}

		@Test
		void outerContextWhenInnerOneIsHeldIsCollected() {
			WeakReference<Context> outer = new WeakReference<>(new Context());
			Context inner = new Context();
			outer.get().run(() -> inner.run(() -> VAR.set("value")));

			assertThat(Garbage.isCollected(outer)).isTrue();
			Reference.reachabilityFence(inner);
		}

		@Test
		void originalWhenCopyIsHeldIsCollected() {
			WeakReference<Context> original = new WeakReference<>(holding("value"));
			Context copy = original.get().copy();

			assertThat(Garbage.isCollected(original)).isTrue();
			Reference.reachabilityFence(copy);
		}

		@Test
		void contextWhenTokenIsUsedIsCollected() {
			WeakReference<Context> context = new WeakReference<>(new Context());
			Token<Object> token = context.get().call(() -> VAR.set("value"));
			context.get().run(() -> VAR.reset(token));

			assertThat(Garbage.isCollected(context)).isTrue();
			Reference.reachabilityFence(token);
		}

		@Test
		void valueWhenResetIsCollected() {
			WeakReference<Object> value = new WeakReference<>(new Object());
			Context context = new Context();
			Token<Object> token = context.call(() -> VAR.set(value.get()));
			context.run(() -> VAR.reset(token));

			assertThat(Garbage.isCollected(value)).isTrue();
			Reference.reachabilityFence(context);
			Reference.reachabilityFence(token);
		}

		@Test
		void valueWhenUsedTokenOfAnotherVariableIsHeldIsCollected() {
			WeakReference<Object> value = new WeakReference<>(new Object());
			ContextVar<String> other = ContextVar.of("other");
			Context context = holding(value.get());
			Token<String> token = context.call(() -> other.set("value"));
			context.run(() -> other.reset(token));
			context.run(() -> VAR.set(null));

			assertThat(Garbage.isCollected(value)).isTrue();
			Reference.reachabilityFence(token);
		}

		@Test
		void valueWhenNullReplacesItIsCollected() {
			WeakReference<Object> value = new WeakReference<>(new Object());
			ContextVar<String> other = ContextVar.of("other");
			Context context = new Context();
			context.run(() -> {
				VAR.set(value.get());
				other.set("set in between, so that the value is in the tree");
				VAR.set(null);
			});

			assertThat(Garbage.isCollected(value)).isTrue();
			Reference.reachabilityFence(context);
		}

		@Test
		void contextsWhenScopesAreClosedAreCollected() throws Exception {
			TestThreads.run(() -> {
				WeakReference<Context> outer = new WeakReference<>(new Context());
				WeakReference<Context> inner = new WeakReference<>(new Context());
				Context.Scope outerScope = outer.get().enter();
				Context.Scope innerScope = inner.get().enter();
				innerScope.close();
				assertThat(Garbage.isCollected(inner)).isTrue();
				outerScope.close();

				assertThat(Garbage.isCollected(outer)).isTrue();
				Reference.reachabilityFence(outerScope);
				Reference.reachabilityFence(innerScope);
			});
		}

		@Test
		void contextsWhenScopeIsLeakedAreCollected() throws Exception {
			TestThreads.run(() -> {
				VAR.set("base");
				WeakReference<Context> outer = new WeakReference<>(new Context());
				WeakReference<Context> inner = new WeakReference<>(new Context());
				Context.Scope innerScope;
				try (LogCapture log = LogCapture.open()) {
					Context.Scope outerScope = outer.get().enter();
					innerScope = inner.get().enter();
					outerScope.close();
				}

				assertThat(Garbage.isCollected(outer)).isTrue();
				assertThat(Garbage.isCollected(inner)).isTrue();
				Reference.reachabilityFence(innerScope);
			});
		}

		@Test
		void contextsWhenRunLeaksAScopeAreCollected() throws Exception {
			TestThreads.run(() -> {
				WeakReference<Context> outer = new WeakReference<>(new Context());
				WeakReference<Context> inner = new WeakReference<>(new Context());
				Context.Scope innerScope;
				try (LogCapture log = LogCapture.open()) {
					innerScope = outer.get().call(() -> inner.get().enter());
				}

				assertThat(Garbage.isCollected(outer)).isTrue();
				assertThat(Garbage.isCollected(inner)).isTrue();
				Reference.reachabilityFence(innerScope);
			});
		}

		@Test
		void contextWhenRunIsLeftWithAnOuterScopeIsCollected() throws Exception {
			TestThreads.run(() -> {
				WeakReference<Context> lower = new WeakReference<>(new Context());
				Context upper = new Context();
				try (LogCapture log = LogCapture.open()) {
					Context.Scope scope = new Context().enter();
					lower.get().run(() -> upper.run(scope::close));
				}

				assertThat(Garbage.isCollected(lower)).isTrue();
				Reference.reachabilityFence(upper);
			});
		}

		@Test
		void valuesWhenWrappedTaskIsDroppedAreCollected() {
			WeakReference<Object> value = new WeakReference<>(new Object());
			Runnable wrapped = holding(value.get()).wrap(() -> assertThat(VAR.get()).isNotNull());
			wrapped.run();
			assertThat(Garbage.isKept(value)).isTrue();

			wrapped = null;

			assertThat(Garbage.isCollected(value)).isTrue();
		}

		@Test
		void valuesWhenPoolHasRunTheTaskAreCollected() throws Exception {
			WeakReference<Object> value = new WeakReference<>(new Object());
			ExecutorService pool = Executors.newSingleThreadExecutor();
			try {
				ExecutorService wrapped = ContextExecutors.wrap(pool);
				holding(value.get()).run(() -> wrapped.execute(VAR::get));
				pool.submit(() -> {
				}).get(1, TimeUnit.MINUTES);

				assertThat(Garbage.isCollected(value)).isTrue();
			}
			finally {
				pool.shutdownNow();
			}
		}

		@Test
		void valuesWhenQueuedTaskIsCancelledAreCollected() throws Exception {
			CountDownLatch release = new CountDownLatch(1);
			ScheduledExecutorService pool = Executors.newSingleThreadScheduledExecutor();
			try {
				pool.execute(() -> TestThreads.await(release));
				ScheduledExecutorService wrapped = ContextExecutors.wrap(pool);
				for (SubmissionMethod method : SubmissionMethod.values()) {
					WeakReference<Object> value = new WeakReference<>(new Object());
					Future<?> future = holding(value.get()).call(() -> method.submitTo(wrapped));

					future.cancel(false);

					assertThat(Garbage.isCollected(value)).as("%s", method).isTrue();
					Reference.reachabilityFence(future);
				}
			}
			finally {
				release.countDown();
				pool.shutdownNow();
			}
		}

		@Test
		void valuesWhenTaskIsRejectedAreCollected() {
			ScheduledExecutorService pool = Executors.newSingleThreadScheduledExecutor();
			pool.shutdown();
			ScheduledExecutorService wrapped = ContextExecutors.wrap(pool);
			for (SubmissionMethod method : SubmissionMethod.values()) {
				WeakReference<Object> value = new WeakReference<>(new Object());

				Throwable rejection = catchThrowable(() -> holding(value.get()).call(() -> method.submitTo(wrapped)));

				assertThat(rejection).as("%s", method).isInstanceOf(RejectedExecutionException.class);
				assertThat(Garbage.isCollected(value)).as("%s", method).isTrue();
				Reference.reachabilityFence(rejection);
			}
			Reference.reachabilityFence(wrapped);
		}

		@Test
		void baseContextWhenThreadHasEndedIsCollected() throws Exception {
			WeakReference<Object> value = new WeakReference<>(new Object());

			TestThreads.run(() -> VAR.set(value.get()));

			assertThat(Garbage.isCollected(value)).isTrue();
		}

		@Test
		void baseContextWhenThreadHasEndedAndClosedScopeIsHeldIsCollected() throws Exception {
			WeakReference<Object> value = new WeakReference<>(new Object());
			List<Context.Scope> closed = new ArrayList<>();

			TestThreads.run(() -> {
				VAR.set(value.get());
				closed.add(new Context().enter());
				closed.get(0).close();
			});

			assertThat(Garbage.isCollected(value)).isTrue();
			Reference.reachabilityFence(closed);
		}

	}

	/**
	 * Methods to submit a task that return a future, by which it can be cancelled.
	 */
	private enum SubmissionMethod {

		SUBMIT((pool) -> pool.submit(() -> {
		})),

		SUBMIT_WITH_RESULT((pool) -> pool.submit(() -> {
		}, "result")),

		SUBMIT_CALLABLE((pool) -> pool.submit(() -> VAR.get())),

		INVOKE_ALL((pool) -> pool.invokeAll(List.of(VAR::get), 1, TimeUnit.NANOSECONDS).get(0)),

		SCHEDULE((pool) -> pool.schedule(() -> {
		}, 1, TimeUnit.DAYS)),

		SCHEDULE_CALLABLE((pool) -> pool.schedule(() -> VAR.get(), 1, TimeUnit.DAYS)),

		SCHEDULE_AT_FIXED_RATE((pool) -> pool.scheduleAtFixedRate(() -> {
		}, 0, 1, TimeUnit.DAYS)),

		SCHEDULE_WITH_FIXED_DELAY((pool) -> pool.scheduleWithFixedDelay(() -> {
		}, 0, 1, TimeUnit.DAYS));

		private final Submission submission;

		SubmissionMethod(Submission submission) {
			this.submission = submission;
		}

		Future<?> submitTo(ScheduledExecutorService pool) throws InterruptedException {
			return this.submission.submitTo(pool);
		}

		private interface Submission {

			Future<?> submitTo(ScheduledExecutorService pool) throws InterruptedException;

		}

	}

}

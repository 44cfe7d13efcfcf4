package io.github.contextvars;

import java.util.concurrent.Executor;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import io.github.contextvars.testsupport.LogCapture;
import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for {@link ThreadStack}: nothing is left in a thread.
 */
class ThreadStackTests {

	private static final ContextVar<String> VAR = ContextVar.of("var", "none");

	private static void assertCleanAfter(TestThreads.Task use) throws Exception {
		TestThreads.run(() -> {
			assertThat(holdsStack()).isFalse();
			use.run();
			assertThat(holdsStack()).isFalse();
		});
	}

	private static boolean holdsStack() throws ReflectiveOperationException {
		return ThreadLocals.holdsStackOf(Thread.currentThread());
	}

	@Nested
	class Detector {

		@Test
		void holdsStackWhenThreadHasABaseContextIsTrue() throws Exception {
			TestThreads.run(() -> {
				VAR.set("base");
				assertThat(holdsStack()).isTrue();
				new Context().run(() -> VAR.set("inside"));
				assertThat(holdsStack()).isTrue();
			});
		}

		@Test
		void holdsStackWhenThreadIsInAContextIsTrue() throws Exception {
			TestThreads.run(() -> new Context().call(() -> {
				assertThat(holdsStack()).isTrue();
				return null;
			}));
		}

	}

	@Nested
	class Clean {

		@Test
		void getWhenOutsideLeavesNothing() throws Exception {
			assertCleanAfter(() -> {
				VAR.get();
				VAR.get("fallback");
				Context.copyOfCurrent();
				catchThrowable(() -> ContextVar.of("unset").get());
			});
		}

		@Test
		void runLeavesNothing() throws Exception {
			assertCleanAfter(() -> new Context().run(() -> new Context().run(() -> VAR.set("inside"))));
		}

		@Test
		void callLeavesNothing() throws Exception {
			assertCleanAfter(() -> new Context().call(() -> new Context().call(() -> VAR.set("inside"))));
		}

		@Test
		void runWhenBodyThrowsLeavesNothing() throws Exception {
			assertCleanAfter(() -> catchThrowable(() -> new Context().run(() -> {
				throw new IllegalCallerException();
			})));
		}

		@Test
		void enterAndCloseLeaveNothing() throws Exception {
			assertCleanAfter(() -> {
				try (Context.Scope outer = new Context().enter(); Context.Scope inner = new Context().enter()) {
					VAR.set("inside");
				}
			});
		}

		@Test
		void closeWhenScopesAreLeakedLeavesNothing() throws Exception {
			try (LogCapture log = LogCapture.open()) {
				assertCleanAfter(() -> {
					Context.Scope outer = new Context().enter();
					new Context().enter();
					outer.close();
				});
				assertCleanAfter(() -> new Context().run(() -> new Context().enter()));
				assertThat(log.messages()).hasSize(2);
			}
		}

		@Test
		void closeWhenInsideARunLeavesNothing() throws Exception {
			try (LogCapture log = LogCapture.open()) {
				assertCleanAfter(() -> {
					Context.Scope outer = new Context().enter();
					new Context().run(outer::close);
				});
				assertThat(log.messages()).hasSize(1);
			}
		}

		@Test
		void enterWhenItFailsLeavesNothing() throws Exception {
			Context taken = new Context();

			taken.run(() -> assertThat(catchThrowable(() -> assertCleanAfter(() -> {
				assertThat(catchThrowable(taken::enter)).isInstanceOf(IllegalStateException.class);
				assertThat(catchThrowable(() -> taken.run(() -> {
				}))).isInstanceOf(IllegalStateException.class);
				assertThat(catchThrowable(() -> taken.call(() -> null))).isInstanceOf(IllegalStateException.class);
			}))).isNull());
		}

		@Test
		void resetWhenItFailsLeavesNothing() throws Exception {
			Token<String> token = new Context().call(() -> VAR.set("elsewhere"));

			assertCleanAfter(
					() -> assertThat(catchThrowable(token::close)).isInstanceOf(IllegalArgumentException.class));
		}

		@Test
		void wrappedTasksLeaveNothing() throws Exception {
			assertCleanAfter(() -> {
				new Context().wrap(() -> VAR.set("inside")).run();
				ContextExecutors.wrap((Executor) Runnable::run).execute(() -> VAR.set("inside"));
			});
		}

	}

	/**
	 * Test for class loaders that have not loaded the library yet.
	 */
	static final class Loading {

		@Test
		void getWhenLibraryIsNotLoadedYetLeavesNothing() throws Exception {
			VAR.get();

			assertThat(holdsStack()).isFalse();
		}

	}

}

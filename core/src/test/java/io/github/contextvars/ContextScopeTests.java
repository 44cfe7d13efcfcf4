package io.github.contextvars;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.logging.Level;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.github.contextvars.testsupport.LogCapture;
import io.github.contextvars.testsupport.TestJvm;
import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for {@link Context#enter()} and {@link Context.Scope}.
 */
class ContextScopeTests {

	private static final ContextVar<String> VAR = ContextVar.of("where", "nowhere");

	private static Context named(String name) {
		Context context = new Context();
		context.run(() -> VAR.set(name));
		return context;
	}

	private static void assertFree(Context... contexts) {
		for (Context context : contexts) {
			assertThatCode(() -> context.run(() -> {
			})).doesNotThrowAnyException();
		}
	}

	private static String leak(String thread) {
		return "Context[where] was still entered by thread '" + thread
				+ "' when an outer context was left, and has been left with it;"
				+ " close each scope in the block that opened it, with try-with-resources";
	}

	@Nested
	class Enter {

		@Test
		void enterMakesTheContextCurrentUntilClosed() {
			Context context = named("inside");

			try (Context.Scope scope = context.enter()) {
				assertThat(scope).isNotNull();
				assertThat(VAR.get()).isEqualTo("inside");
				VAR.set("changed");
			}

			assertThat(VAR.get()).isEqualTo("nowhere");
			assertThat(context.get(VAR)).isEqualTo("changed");
			assertFree(context);
		}

		@Test
		void enterWhenEnteredThrowsAndChangesNothing() throws Exception {
			Context context = named("inside");

			TestThreads.run("exec-1", () -> {
				try (Context.Scope scope = context.enter()) {
					assertThatIllegalStateException().isThrownBy(context::enter)
						.withMessage("Context is already entered by thread 'exec-1'; run a copy() of it");
					assertThatIllegalStateException().isThrownBy(() -> context.run(() -> {
					})).withMessage("Context is already entered by thread 'exec-1'; run a copy() of it");
					assertThat(VAR.get()).isEqualTo("inside");
				}
				assertThat(VAR.get()).isEqualTo("nowhere");
			});

			assertFree(context);
		}

		@Test
		void enterWhenManyAreOpenClosesInOrder() {
			List<Context.Scope> scopes = new ArrayList<>();
			for (int i = 0; i < 100; i++) {
				scopes.add(named("context-" + i).enter());
			}

			for (int i = 99; i >= 0; i--) {
				assertThat(VAR.get()).isEqualTo("context-" + i);
				scopes.get(i).close();
			}

			assertThat(VAR.get()).isEqualTo("nowhere");
		}

		@Test
		void enterWhenThreadHasABaseContextReturnsToIt() throws Exception {
			TestThreads.run(() -> {
				VAR.set("base");
				try (Context.Scope scope = named("inside").enter()) {
					assertThat(VAR.get()).isEqualTo("inside");
				}
				assertThat(VAR.get()).isEqualTo("base");
			});
		}

	}

	@Nested
	class Close {

		@Test
		void closeWhenClosedBeforeDoesNothing() {
			Context outer = named("outer");
			Context inner = named("inner");
			Context.Scope outerScope = outer.enter();
			Context.Scope innerScope = inner.enter();
			innerScope.close();

			innerScope.close();

			assertThat(VAR.get()).isEqualTo("outer");
			outerScope.close();
			outerScope.close();
			assertThat(VAR.get()).isEqualTo("nowhere");
		}

		@Test
		void closeWhenClosedBeforeAndContextWasEnteredAgainDoesNothing() {
			Context context = named("inside");
			Context.Scope first = context.enter();
			first.close();

			try (Context.Scope second = context.enter()) {
				first.close();
				assertThat(VAR.get()).isEqualTo("inside");
				assertThatIllegalStateException().isThrownBy(context::enter);
			}

			assertFree(context);
		}

		@Test
		void closeWhenByAnotherThreadThrowsAndChangesNothing() throws Exception {
			Context context = named("inside");
			CountDownLatch entered = new CountDownLatch(1);
			CountDownLatch release = new CountDownLatch(1);
			List<Context.Scope> scopes = new ArrayList<>();
			Future<String> opener = TestThreads.start("opener", () -> {
				scopes.add(context.enter());
				entered.countDown();
				TestThreads.await(release);
				String seen = VAR.get();
				scopes.get(0).close();
				return seen + " " + VAR.get();
			});
			TestThreads.await(entered);

			TestThreads.run("closer",
					() -> assertThatIllegalStateException().isThrownBy(scopes.get(0)::close)
						.withMessage("Scope was opened by thread 'opener' and cannot be closed by thread 'closer';"
								+ " close it where it was opened"));

			assertThatIllegalStateException().isThrownBy(context::enter);
			release.countDown();
			assertThat(TestThreads.result(opener)).isEqualTo("inside nowhere");
			assertFree(context);
		}

	}

	@Nested
	class Heal {

		@Test
		void leakedScopesCountsEachScopeThatWasLeftWithAnOuterOne() {
			long before = Context.leakedScopes();

			try (LogCapture log = LogCapture.open((entry) -> {
				throw new IllegalStateException("handler");
			})) {
				try (Context.Scope scope = named("closed").enter()) {
					assertThat(VAR.get()).isEqualTo("closed");
				}
				assertThat(Context.leakedScopes()).isEqualTo(before);

				new Context().run(() -> {
					named("first").enter();
					named("second").enter();
				});
				assertThat(log.messages()).hasSize(2);
			}

			assertThat(Context.leakedScopes()).isEqualTo(before + 2);
		}

		@Test
		void closeWhenInnerScopesAreOpenLeavesAndReportsEach() throws Exception {
			Context outer = named("outer");
			Context middle = named("middle");
			Context inner = named("inner");

			try (LogCapture log = LogCapture.open()) {
				TestThreads.run("exec-1", () -> {
					Context.Scope outerScope = outer.enter();
					Context.Scope middleScope = middle.enter();
					Context.Scope innerScope = inner.enter();

					outerScope.close();

					assertThat(VAR.get()).isEqualTo("nowhere");
					assertFree(outer, middle, inner);
					assertThat(log.messages()).containsExactly(leak("exec-1"), leak("exec-1"));
					assertThat(log.records()).allSatisfy((entry) -> {
						assertThat(entry.getLevel()).isEqualTo(Level.WARNING);
						assertThat(entry.getThrown()).isNull();
					});
					innerScope.close();
					middleScope.close();
					assertThat(log.messages()).hasSize(2);
				});
			}
		}

		@Test
		void closeWhenInnerScopeIsOpenIsBackWhereTheOuterOneWasEntered() {
			Context first = named("first");
			Context second = named("second");
			Context third = named("third");

			try (LogCapture log = LogCapture.open()) {
				first.run(() -> {
					Context.Scope scope = second.enter();
					third.enter();

					scope.close();

					assertThat(VAR.get()).isEqualTo("first");
					assertFree(second, third);
					assertThat(log.messages()).hasSize(1);
				});
				assertThat(log.messages()).hasSize(1);
			}
			assertThat(VAR.get()).isEqualTo("nowhere");
		}

		@Test
		void closeWhenHealedAndContextWasEnteredAgainDoesNothing() {
			Context outer = named("outer");
			Context inner = named("inner");

			try (LogCapture log = LogCapture.open()) {
				Context.Scope outerScope = outer.enter();
				Context.Scope healed = inner.enter();
				outerScope.close();
				Context.Scope filler = outer.enter();
				try (Context.Scope again = inner.enter()) {
					healed.close();
					outerScope.close();
					assertThat(VAR.get()).isEqualTo("inner");
				}
				filler.close();
				assertThat(log.messages()).hasSize(1);
			}

			assertThat(VAR.get()).isEqualTo("nowhere");
			assertFree(outer, inner);
		}

		@Test
		void runWhenBodyLeaksScopesLeavesAndReportsThem() throws Exception {
			Context outer = named("outer");
			Context first = named("first");
			Context second = named("second");

			try (LogCapture log = LogCapture.open()) {
				TestThreads.run("exec-1", () -> {
					outer.run(() -> {
						first.enter();
						second.enter();
					});
					assertThat(VAR.get()).isEqualTo("nowhere");
				});
				assertThat(log.messages()).containsExactly(leak("exec-1"), leak("exec-1"));
			}

			assertFree(outer, first, second);
		}

		@Test
		void runWhenBodyLeaksAScopeAndThrowsThrowsTheSame() {
			Context outer = named("outer");
			Context inner = named("inner");
			IllegalCallerException failure = new IllegalCallerException();

			try (LogCapture log = LogCapture.open()) {
				assertThat(catchThrowable(() -> outer.run(() -> {
					inner.enter();
					throw failure;
				}))).isSameAs(failure);
				assertThat(log.messages()).hasSize(1);
			}

			assertThat(VAR.get()).isEqualTo("nowhere");
			assertFree(outer, inner);
		}

		@Test
		void runWhenNestedBodyLeaksAScopeReportsItAtTheEndOfTheNestedRun() {
			Context outer = named("outer");
			Context inner = named("inner");

			try (LogCapture log = LogCapture.open()) {
				named("around").run(() -> {
					outer.run(inner::enter);
					assertThat(log.messages()).hasSize(1);
					outer.call(inner::enter);
					assertThat(log.messages()).hasSize(2);
					catchThrowable(() -> outer.run(() -> {
						inner.enter();
						throw new IllegalCallerException();
					}));
					assertThat(log.messages()).hasSize(3);
					assertThat(VAR.get()).isEqualTo("around");
					assertFree(outer, inner);
				});
				assertThat(log.messages()).hasSize(3);
			}
		}

		@Test
		void runWhenBodyClosesAnOuterScopeIsLeftAtOnceAndOnlyOnce() {
			Context outer = named("outer");
			Context inner = named("inner");

			try (LogCapture log = LogCapture.open()) {
				Context.Scope scope = outer.enter();
				inner.run(() -> {
					scope.close();
					assertThat(VAR.get()).isEqualTo("nowhere");
					assertFree(inner, outer);
				});
				assertThat(VAR.get()).isEqualTo("nowhere");
				assertThat(log.messages()).hasSize(1);
			}

			assertFree(outer, inner);
		}

		@Test
		void runWhenBodyClosesAnOuterScopeAndEntersItsOwnContextAgainDoesNotPopIt() {
			Context outer = named("outer");
			Context inner = named("inner");
			List<Context.Scope> again = new ArrayList<>();

			try (LogCapture log = LogCapture.open()) {
				Context.Scope scope = outer.enter();
				inner.run(() -> {
					scope.close();
					again.add(named("filler").enter());
					again.add(inner.enter());
				});

				assertThat(VAR.get()).isEqualTo("inner");
				assertThatIllegalStateException().isThrownBy(inner::enter);
				again.get(1).close();
				assertThat(VAR.get()).isEqualTo("filler");
				again.get(0).close();
				assertThat(log.messages()).hasSize(1);
			}

			assertThat(VAR.get()).isEqualTo("nowhere");
			assertFree(outer, inner);
		}

		@Test
		void runWhenBodyClosesAnOuterScopeAndEntersItsOwnContextAgainAboveAnotherDoesNotPopIt() {
			Context bottom = named("bottom");
			Context outer = named("outer");
			Context inner = named("inner");
			List<Context.Scope> again = new ArrayList<>();

			try (LogCapture log = LogCapture.open()) {
				bottom.run(() -> {
					Context.Scope scope = outer.enter();
					inner.run(() -> {
						scope.close();
						assertThat(VAR.get()).isEqualTo("bottom");
						again.add(named("filler").enter());
						again.add(inner.enter());
					});

					assertThat(VAR.get()).isEqualTo("inner");
					assertThatIllegalStateException().isThrownBy(inner::enter);
					again.get(1).close();
					assertThat(VAR.get()).isEqualTo("filler");
					again.get(0).close();
					assertThat(VAR.get()).isEqualTo("bottom");
				});
				assertThat(log.messages()).hasSize(1);
			}

			assertThat(VAR.get()).isEqualTo("nowhere");
			assertFree(bottom, outer, inner);
		}

		@Test
		void runWhenBodyClosesAnOuterScopeAndAnotherThreadEntersItsContextDoesNotFreeIt() throws Exception {
			Context outer = named("outer");
			Context inner = named("inner");
			CountDownLatch release = new CountDownLatch(1);
			List<Future<Void>> holders = new ArrayList<>();

			try (LogCapture log = LogCapture.open()) {
				Context.Scope scope = outer.enter();
				inner.run(() -> {
					scope.close();
					CountDownLatch entered = new CountDownLatch(1);
					holders.add(TestThreads.start("exec-1", () -> inner.call(() -> {
						entered.countDown();
						TestThreads.await(release);
						return null;
					})));
					TestThreads.await(entered);
				});
				assertThat(log.messages()).hasSize(1);
			}

			assertThatIllegalStateException().isThrownBy(inner::enter)
				.withMessage("Context is already entered by thread 'exec-1'; run a copy() of it");
			release.countDown();
			TestThreads.result(holders.get(0));
			assertFree(inner);
		}

		@Test
		void closeWhenLoggerThrowsStillHeals() {
			Context outer = named("outer");
			Context middle = named("middle");
			Context inner = named("inner");

			try (LogCapture log = LogCapture.open((entry) -> {
				throw new IllegalCallerException("logger");
			})) {
				Context.Scope scope = outer.enter();
				middle.enter();
				inner.enter();

				assertThatCode(scope::close).doesNotThrowAnyException();
				assertThat(log.messages()).hasSize(2);
			}

			assertThat(VAR.get()).isEqualTo("nowhere");
			assertFree(outer, middle, inner);
		}

		@Test
		void closeWhenLoggerRunsContextsStillHeals() {
			Context outer = named("outer");
			List<Context> leaked = List.of(named("a"), named("b"), named("c"), named("d"));

			try (LogCapture log = LogCapture.open((entry) -> new Context()
				.run(() -> new Context().run(() -> new Context().run(() -> VAR.set("logger")))))) {
				Context.Scope scope = outer.enter();
				leaked.forEach(Context::enter);

				scope.close();

				assertThat(log.messages()).hasSize(4);
			}

			assertThat(VAR.get()).isEqualTo("nowhere");
			assertFree(leaked.toArray(Context[]::new));
		}

		@Test
		void closeWhenLoggerClosesLeakedScopesStillHeals() {
			Context outer = named("outer");
			List<Context> leaked = List.of(named("a"), named("b"), named("c"), named("d"));
			List<Context.Scope> scopes = new ArrayList<>();

			try (LogCapture log = LogCapture.open((entry) -> scopes.forEach(Context.Scope::close))) {
				Context.Scope scope = outer.enter();
				leaked.forEach((context) -> scopes.add(context.enter()));

				scope.close();

				assertThat(log.messages()).hasSize(4);
				assertThat(VAR.get()).isEqualTo("nowhere");
			}

			assertFree(leaked.toArray(Context[]::new));
		}

	}

	@Nested
	class Logging {

		@Test
		void closeWhenFindingLoggersWaitsForAnotherThreadThatEntersAContextReports(@TempDir Path directory)
				throws Exception {
			Path services = Files.createDirectories(directory.resolve("META-INF/services"));
			Files.writeString(services.resolve(System.LoggerFinder.class.getName()), LoggerMain.Finder.class.getName());

			String output = TestJvm.runBehind(directory, LoggerMain.class, new String[0]);

			assertThat(output.strip()).isEqualTo(leak("main").replace("Context[where]", "Context[]"));
		}

	}

	@Nested
	class Trace {

		@Test
		void closeWhenTraceIsOffGivesNoStackTrace() {
			try (LogCapture log = LogCapture.open()) {
				named("outer").run(() -> named("inner").enter());

				assertThat(log.records()).singleElement().extracting("thrown").isNull();
			}
		}

		@Test
		void closeWhenTraceIsOnTellsWhereTheScopeWasOpened() throws Exception {
			String output = TestJvm.run(Context.class, LeakingMain.class, new String[] { "-Dcontextvars.trace=true" });

			assertThat(output).contains(leak("main"))
				.contains("entered here, by thread 'main'")
				.contains("LeakingMain.leak(")
				.contains("close() failed as it should, caused by: entered here, by thread 'main'")
				.doesNotContain("secret");
		}

		@Test
		void closeWhenTraceIsOffInAnotherJvmReportsOnlyTheLeak() throws Exception {
			String output = TestJvm.run(Context.class, LeakingMain.class, new String[0]);

			assertThat(output).contains(leak("main"))
				.doesNotContain("entered here")
				.contains("close() failed as it should, caused by: nothing");
		}

	}

}

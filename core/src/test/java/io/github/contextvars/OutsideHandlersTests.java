package io.github.contextvars;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for {@link OutsideHandlers}, through {@link Context#onSetOutside} and
 * {@link Context#onGetOutside}. Isolated, because the handlers are those of the JVM.
 */
@Isolated
class OutsideHandlersTests {

	private static final ContextVar<String> VAR = ContextVar.of("var", "none");

	private static final ContextVar<String> OTHER = ContextVar.of("other", "none");

	private static final ContextVar<String> WITHOUT_DEFAULT = ContextVar.of("without default");

	private final List<ContextVar<?>> calls = Collections.synchronizedList(new ArrayList<>());

	@AfterEach
	void removeHandlers() {
		Context.onSetOutside(null);
		Context.onGetOutside(null);
	}

	@Nested
	class OnSetOutside {

		@Test
		void setWhenOutsideCallsHandlerOnceForAThread() throws Exception {
			Context.onSetOutside(OutsideHandlersTests.this.calls::add);

			TestThreads.run(() -> {
				VAR.set("first");
				OTHER.set("second");
				new Context().run(() -> VAR.set("inside"));
				VAR.set("third");
				assertThat(VAR.get()).isEqualTo("third");
			});

			assertThat(OutsideHandlersTests.this.calls).containsExactly(VAR);
			TestThreads.run(() -> OTHER.set("another thread"));
			assertThat(OutsideHandlersTests.this.calls).containsExactly(VAR, OTHER);
		}

		@Test
		void setWhenInsideAContextDoesNotCallHandler() throws Exception {
			Context.onSetOutside(OutsideHandlersTests.this.calls::add);

			TestThreads.run(() -> {
				new Context().run(() -> VAR.set("inside"));
				try (Context.Scope scope = new Context().enter()) {
					VAR.set("inside");
				}
			});

			assertThat(OutsideHandlersTests.this.calls).isEmpty();
		}

		@Test
		void getWhenOutsideDoesNotCallHandlerOfSet() throws Exception {
			Context.onSetOutside(OutsideHandlersTests.this.calls::add);

			TestThreads.run(() -> {
				VAR.get();
				Context.copyOfCurrent();
			});

			assertThat(OutsideHandlersTests.this.calls).isEmpty();
		}

		@Test
		void setWhenOutsideCallsHandlerOnTheThreadBeforeAnythingIsSet() throws Exception {
			List<String> seen = new ArrayList<>();
			Context.onSetOutside((var) -> seen.add(Thread.currentThread().getName() + " " + VAR.get()));

			TestThreads.run("exec-1", () -> VAR.set("base"));

			assertThat(seen).containsExactly("exec-1 none");
		}

		@Test
		void setWhenHandlerThrowsThrowsTheSameAndSetsNothing() throws Exception {
			IllegalCallerException failure = new IllegalCallerException();
			Context.onSetOutside((var) -> {
				throw failure;
			});

			TestThreads.run(() -> {
				assertThat(catchThrowable(() -> VAR.set("base"))).isSameAs(failure);
				assertThat(VAR.get()).isEqualTo("none");
				assertThat(Context.copyOfCurrent()).isEmpty();
				assertThat(ThreadLocals.holdsStackOf(Thread.currentThread())).isFalse();
				assertThat(catchThrowable(() -> VAR.set("base"))).isSameAs(failure);
				Context.onSetOutside(null);
				VAR.set("base");
				assertThat(VAR.get()).isEqualTo("base");
			});
		}

		@Test
		void setWhenHandlerThrowsAnErrorSetsNothing() throws Exception {
			StackOverflowError failure = new StackOverflowError();
			Context.onSetOutside((var) -> {
				throw failure;
			});

			TestThreads.run(() -> {
				assertThat(catchThrowable(() -> VAR.set("base"))).isSameAs(failure);
				assertThat(ThreadLocals.holdsStackOf(Thread.currentThread())).isFalse();
			});
		}

		@Test
		void setWhenHandlerSetsVariablesDoesNotCallItAgainAndDiscardsThem() throws Exception {
			Context.onSetOutside((var) -> {
				OutsideHandlersTests.this.calls.add(var);
				OTHER.set("of the handler");
				VAR.set("of the handler");
			});

			TestThreads.run(() -> {
				Token<String> token = VAR.set("base");
				assertThat(token.oldValue()).isSameAs(Token.MISSING);
				assertThat(VAR.get()).isEqualTo("base");
				assertThat(OTHER.get()).isEqualTo("none");
			});

			assertThat(OutsideHandlersTests.this.calls).containsExactly(VAR);
		}

		@Test
		void setWhenHandlerWasReplacedCallsTheLastOne() throws Exception {
			Context.onSetOutside((var) -> {
				throw new IllegalCallerException();
			});
			Context.onSetOutside(OutsideHandlersTests.this.calls::add);

			TestThreads.run(() -> VAR.set("base"));

			assertThat(OutsideHandlersTests.this.calls).containsExactly(VAR);
		}

		@Test
		void setWhenHandlerWasRemovedDoesNotCallIt() throws Exception {
			Context.onSetOutside(OutsideHandlersTests.this.calls::add);
			Context.onSetOutside(null);

			TestThreads.run(() -> VAR.set("base"));

			assertThat(OutsideHandlersTests.this.calls).isEmpty();
		}

	}

	@Nested
	class OnGetOutside {

		@Test
		void getWhenOutsideCallsHandlerEachTimeAndReturnsTheSame() throws Exception {
			Context.onGetOutside(OutsideHandlersTests.this.calls::add);

			TestThreads.run(() -> {
				assertThat(VAR.get()).isEqualTo("none");
				assertThat(VAR.get("fallback")).isEqualTo("fallback");
				assertThat(catchThrowable(WITHOUT_DEFAULT::get)).isInstanceOf(NoSuchElementException.class)
					.hasMessage("'without default' has no value in this context and no default");
				assertThat(WITHOUT_DEFAULT.get("fallback")).isEqualTo("fallback");
			});

			assertThat(OutsideHandlersTests.this.calls).containsExactly(VAR, VAR, WITHOUT_DEFAULT, WITHOUT_DEFAULT);
		}

		@Test
		void getWhenOutsideLeavesNothingInTheThread() throws Exception {
			Context.onGetOutside(OutsideHandlersTests.this.calls::add);

			TestThreads.run(() -> {
				VAR.get();
				assertThat(Context.depth()).isZero();
				assertThat(ThreadLocals.holdsStackOf(Thread.currentThread())).isFalse();
			});
		}

		@Test
		void getWhenInsideAContextDoesNotCallHandler() throws Exception {
			Context.onGetOutside(OutsideHandlersTests.this.calls::add);

			TestThreads.run(() -> {
				new Context().run(() -> {
					assertThat(VAR.get()).isEqualTo("none");
					assertThat(catchThrowable(WITHOUT_DEFAULT::get)).isInstanceOf(NoSuchElementException.class);
					VAR.set("inside");
					assertThat(VAR.get()).isEqualTo("inside");
				});
				try (Context.Scope scope = new Context().enter()) {
					assertThat(VAR.get("fallback")).isEqualTo("fallback");
				}
				new Context().wrap(() -> assertThat(VAR.get()).isEqualTo("none")).run();
			});

			assertThat(OutsideHandlersTests.this.calls).isEmpty();
		}

		@Test
		void getWhenContextWasLeftCallsHandler() throws Exception {
			Context.onGetOutside(OutsideHandlersTests.this.calls::add);

			TestThreads.run(() -> {
				new Context().run(() -> VAR.set("inside"));
				assertThat(VAR.get()).isEqualTo("none");
			});

			assertThat(OutsideHandlersTests.this.calls).containsExactly(VAR);
		}

		@Test
		void getWhenThreadHasABaseContextDoesNotCallHandler() throws Exception {
			Context.onGetOutside(OutsideHandlersTests.this.calls::add);

			TestThreads.run(() -> {
				OTHER.set("base");
				assertThat(VAR.get()).isEqualTo("none");
				new Context().run(() -> VAR.set("inside"));
				assertThat(VAR.get("fallback")).isEqualTo("fallback");
			});

			assertThat(OutsideHandlersTests.this.calls).isEmpty();
		}

		@Test
		void copyOfCurrentAndLookupsWhenOutsideDoNotCallHandler() throws Exception {
			Context.onGetOutside(OutsideHandlersTests.this.calls::add);
			Context context = new Context();
			context.run(() -> VAR.set("value"));

			TestThreads.run(() -> {
				assertThat(Context.copyOfCurrent()).isEmpty();
				assertThat(Context.depth()).isZero();
				assertThat(context.get(VAR)).isEqualTo("value");
				assertThat(context.getOrThrow(VAR)).isEqualTo("value");
				assertThat(context.getOrDefault(OTHER, "fallback")).isEqualTo("fallback");
				assertThat(context.containsKey(OTHER)).isFalse();
				assertThat(context.values()).containsExactly("value");
			});

			assertThat(OutsideHandlersTests.this.calls).isEmpty();
		}

		@Test
		void setAndResetWhenOutsideDoNotCallHandlerOfGet() throws Exception {
			Context.onGetOutside(OutsideHandlersTests.this.calls::add);
			Token<String> elsewhere = new Context().call(() -> VAR.set("elsewhere"));

			TestThreads.run(() -> {
				assertThat(catchThrowable(elsewhere::close)).isInstanceOf(IllegalArgumentException.class);
				VAR.reset(VAR.set("base"));
			});

			assertThat(OutsideHandlersTests.this.calls).isEmpty();
		}

		@Test
		void getWhenHandlerThrowsThrowsTheSame() throws Exception {
			IllegalCallerException failure = new IllegalCallerException();
			Context.onGetOutside((var) -> {
				throw failure;
			});

			TestThreads.run(() -> {
				assertThat(catchThrowable(VAR::get)).isSameAs(failure);
				assertThat(catchThrowable(() -> VAR.get("fallback"))).isSameAs(failure);
				assertThat(ThreadLocals.holdsStackOf(Thread.currentThread())).isFalse();
				new Context().run(() -> assertThat(VAR.get()).isEqualTo("none"));
				Context.onGetOutside(null);
				assertThat(VAR.get()).isEqualTo("none");
			});
		}

		@Test
		void getWhenHandlerReadsAndSetsVariablesDoesNotCallItAgainAndDiscardsThem() throws Exception {
			List<String> seen = new ArrayList<>();
			Context.onGetOutside((var) -> {
				OutsideHandlersTests.this.calls.add(var);
				seen.add(VAR.get());
				VAR.set("of the handler");
				seen.add(VAR.get());
			});
			Context.onSetOutside(OutsideHandlersTests.this.calls::add);

			TestThreads.run(() -> {
				assertThat(VAR.get()).isEqualTo("none");
				assertThat(OTHER.get("fallback")).isEqualTo("fallback");
				assertThat(Context.copyOfCurrent()).isEmpty();
			});

			assertThat(OutsideHandlersTests.this.calls).containsExactly(VAR, OTHER);
			assertThat(seen).containsExactly("none", "of the handler", "none", "of the handler");
		}

		@Test
		void getWhenHandlerOfSetReadsDoesNotCallHandlerOfGet() throws Exception {
			Context.onGetOutside(OutsideHandlersTests.this.calls::add);
			Context.onSetOutside((var) -> VAR.get());

			TestThreads.run(() -> VAR.set("base"));

			assertThat(OutsideHandlersTests.this.calls).isEmpty();
		}

		@Test
		void getWhenHandlerWasReplacedCallsTheLastOne() throws Exception {
			Context.onGetOutside((var) -> {
				throw new IllegalCallerException();
			});
			Context.onGetOutside(OutsideHandlersTests.this.calls::add);

			TestThreads.run(() -> VAR.get());

			assertThat(OutsideHandlersTests.this.calls).containsExactly(VAR);
		}

		@Test
		void getWhenHandlerWasRemovedDoesNotCallIt() throws Exception {
			Context.onGetOutside(OutsideHandlersTests.this.calls::add);
			Context.onGetOutside(null);

			TestThreads.run(() -> VAR.get());

			assertThat(OutsideHandlersTests.this.calls).isEmpty();
		}

		@Test
		void getWhenHandlersAreReplacedAtTheSameTimeCallsOneOrNone() throws Exception {
			AtomicInteger first = new AtomicInteger();
			AtomicInteger second = new AtomicInteger();
			AtomicBoolean stop = new AtomicBoolean();
			Future<Void> replacing = TestThreads.start("replacing", () -> {
				while (!stop.get()) {
					Context.onGetOutside((var) -> first.incrementAndGet());
					Context.onGetOutside(null);
					Context.onGetOutside((var) -> second.incrementAndGet());
				}
				return null;
			});

			try {
				int rounds = 20_000;
				TestThreads.together(3, () -> {
					for (int i = 0; i < rounds; i++) {
						assertThat(VAR.get()).isEqualTo("none");
						assertThat(WITHOUT_DEFAULT.get("fallback")).isEqualTo("fallback");
						new Context().run(() -> assertThat(VAR.get()).isEqualTo("none"));
					}
					return null;
				});
				assertThat(first.get() + second.get()).isLessThanOrEqualTo(3 * 2 * rounds);
			}
			finally {
				stop.set(true);
				TestThreads.result(replacing);
			}
		}

	}

}

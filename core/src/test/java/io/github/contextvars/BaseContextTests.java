package io.github.contextvars;

import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for base contexts and {@link Context#onSetOutside}. The handler is the JVM's.
 */
@Isolated
class BaseContextTests {

	private static final ContextVar<String> VAR = ContextVar.of("var", "none");

	private static final ContextVar<String> OTHER = ContextVar.of("other", "none");

	@AfterEach
	void removeHandler() {
		Context.onSetOutside(null);
	}

	@Nested
	class Base {

		@Test
		void baseContextLivesAsLongAsTheThreadAndIsItsOwn() throws Exception {
			TestThreads.run(() -> {
				Token<String> token = VAR.set("base");
				new Context().run(() -> assertThat(VAR.get()).isEqualTo("none"));
				TestThreads.run(() -> assertThat(VAR.get()).isEqualTo("none"));
				assertThat(VAR.get()).isEqualTo("base");
				VAR.reset(token);
				assertThat(VAR.get()).isEqualTo("none");
			});
		}

	}

	@Nested
	class OnBaseContext {

		@Test
		void handlerIsCalledOnceForAThreadWithTheVariable() throws Exception {
			List<ContextVar<?>> heard = new ArrayList<>();
			Context.onSetOutside(heard::add);

			TestThreads.run(() -> {
				VAR.get();
				Context.copyOfCurrent();
				new Context().run(() -> VAR.set("inside"));
				assertThat(heard).isEmpty();
				VAR.set("first");
				OTHER.set("second");
				new Context().run(() -> VAR.set("inside"));
				VAR.set("third");
				assertThat(VAR.get()).isEqualTo("third");
			});

			assertThat(heard).containsExactly(VAR);
			TestThreads.run(() -> OTHER.set("another thread"));
			assertThat(heard).containsExactly(VAR, OTHER);
		}

		@Test
		void handlerIsCalledOnTheThreadBeforeAnythingIsMade() throws Exception {
			List<String> heard = new ArrayList<>();
			Context.onSetOutside((var) -> heard.add(Thread.currentThread().getName() + " " + VAR.get()));

			TestThreads.run("exec-1", () -> VAR.set("base"));

			assertThat(heard).containsExactly("exec-1 none");
		}

		@Test
		void handlerWhenItThrowsReachesTheCallerAndNothingIsMade() throws Exception {
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
		void handlerWhenItThrowsAnErrorMakesNothing() throws Exception {
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
		void handlerWhenItSetsAVariableItselfIsNotCalledAgainAndItsValuesAreGone() throws Exception {
			List<ContextVar<?>> heard = new ArrayList<>();
			Context.onSetOutside((var) -> {
				heard.add(var);
				OTHER.set("of the handler");
				VAR.set("of the handler");
			});

			TestThreads.run(() -> {
				Token<String> token = VAR.set("base");
				assertThat(token.oldValue()).isSameAs(Token.MISSING);
				assertThat(VAR.get()).isEqualTo("base");
				assertThat(OTHER.get()).isEqualTo("none");
			});

			assertThat(heard).containsExactly(VAR);
		}

		@Test
		void handlerWhenReplacedWithNullIsNotCalled() throws Exception {
			List<ContextVar<?>> heard = new ArrayList<>();
			Context.onSetOutside(heard::add);
			Context.onSetOutside(null);

			TestThreads.run(() -> VAR.set("base"));

			assertThat(heard).isEmpty();
		}

	}

}

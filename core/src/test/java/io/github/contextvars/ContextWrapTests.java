package io.github.contextvars;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for the {@code wrap…()} methods of {@link Context}.
 */
class ContextWrapTests {

	private static final ContextVar<String> VAR = ContextVar.of("var", "none");

	private static Context contextOf(String value) {
		Context context = new Context();
		context.run(() -> VAR.set(value));
		return context;
	}

	/**
	 * Every way to wrap a body, as a function from a context and a body to what runs it.
	 */
	static Stream<Wrapping> wrappings() {
		return Stream.of(new Wrapping("wrap", Context::wrap),
				new Wrapping("wrapCallable", (context, body) -> uncheck(context.wrapCallable(() -> {
					body.run();
					return null;
				}))), new Wrapping("wrapSupplier", (context, body) -> context.wrapSupplier(() -> {
					body.run();
					return null;
				})::get), new Wrapping("wrapFunction", (context, body) -> {
					Function<String, String> wrapped = context.wrapFunction((argument) -> {
						body.run();
						return argument;
					});
					return () -> assertThat(wrapped.apply("a")).isEqualTo("a");
				}), new Wrapping("wrapBiFunction", (context, body) -> {
					BiFunction<String, String, String> wrapped = context.wrapBiFunction((a, b) -> {
						body.run();
						return a + b;
					});
					return () -> assertThat(wrapped.apply("a", "b")).isEqualTo("ab");
				}), new Wrapping("wrapConsumer", (context, body) -> {
					Consumer<String> wrapped = context.wrapConsumer((argument) -> {
						assertThat(argument).isEqualTo("a");
						body.run();
					});
					return () -> wrapped.accept("a");
				}), new Wrapping("wrapBiConsumer", (context, body) -> {
					BiConsumer<String, String> wrapped = context.wrapBiConsumer((a, b) -> {
						assertThat(a + b).isEqualTo("ab");
						body.run();
					});
					return () -> wrapped.accept("a", "b");
				}));
	}

	private static Runnable uncheck(Callable<?> callable) {
		return () -> {
			try {
				callable.call();
			}
			catch (RuntimeException ex) {
				throw ex;
			}
			catch (Exception ex) {
				throw new AssertionError(ex);
			}
		};
	}

	@Test
	void wrapWhenBodyIsNullThrows() {
		Context context = new Context();

		assertThatNullPointerException().isThrownBy(() -> context.wrap(null)).withMessage("'task' must not be null");
		assertThatNullPointerException().isThrownBy(() -> context.wrapCallable(null))
			.withMessage("'task' must not be null");
		assertThatNullPointerException().isThrownBy(() -> context.wrapSupplier(null))
			.withMessage("'supplier' must not be null");
		assertThatNullPointerException().isThrownBy(() -> context.wrapFunction(null))
			.withMessage("'function' must not be null");
		assertThatNullPointerException().isThrownBy(() -> context.wrapBiFunction(null))
			.withMessage("'function' must not be null");
		assertThatNullPointerException().isThrownBy(() -> context.wrapConsumer(null))
			.withMessage("'consumer' must not be null");
		assertThatNullPointerException().isThrownBy(() -> context.wrapBiConsumer(null))
			.withMessage("'consumer' must not be null");
	}

	@Nested
	class Values {

		@ParameterizedTest
		@MethodSource("io.github.contextvars.ContextWrapTests#wrappings")
		void wrapWhenContextChangesLaterKeepsTheValues(Wrapping wrapping) {
			Context context = contextOf("then");
			List<String> seen = new ArrayList<>();
			Runnable wrapped = wrapping.wrap(context, () -> seen.add(VAR.get()));

			context.run(() -> VAR.set("later"));
			wrapped.run();
			contextOf("caller").run(wrapped);

			assertThat(seen).containsExactly("then", "then");
			assertThat(context.get(VAR)).isEqualTo("later");
		}

		@ParameterizedTest
		@MethodSource("io.github.contextvars.ContextWrapTests#wrappings")
		void wrapRunsInAFreshCopyEachTime(Wrapping wrapping) {
			Context context = contextOf("then");
			List<String> seen = new ArrayList<>();
			Runnable wrapped = wrapping.wrap(context, () -> {
				seen.add(VAR.get());
				VAR.set("left by an earlier run");
			});

			wrapped.run();
			wrapped.run();
			wrapped.run();

			assertThat(seen).containsExactly("then", "then", "then");
			assertThat(context.get(VAR)).isEqualTo("then");
			assertThat(VAR.get()).isEqualTo("none");
		}

		@ParameterizedTest
		@MethodSource("io.github.contextvars.ContextWrapTests#wrappings")
		void wrapWhenContextIsEnteredAndRunsAreNestedRuns(Wrapping wrapping) {
			Context context = contextOf("then");
			List<String> seen = new ArrayList<>();
			Runnable[] wrapped = new Runnable[1];
			wrapped[0] = wrapping.wrap(context, () -> {
				seen.add(VAR.get());
				VAR.set("set by run " + seen.size());
				if (seen.size() < 5) {
					wrapped[0].run();
				}
			});

			context.run(wrapped[0]);

			assertThat(seen).hasSize(5).containsOnly("then");
		}

		@ParameterizedTest
		@MethodSource("io.github.contextvars.ContextWrapTests#wrappings")
		void wrapWhenRunOnEightThreadsAtOnceKeepsThemApart(Wrapping wrapping) throws Exception {
			CyclicBarrier allInside = new CyclicBarrier(8);
			List<String> seen = Collections.synchronizedList(new ArrayList<>());
			Runnable wrapped = wrapping.wrap(contextOf("then"), () -> {
				seen.add(VAR.get());
				TestThreads.await(allInside);
				VAR.set(Thread.currentThread().getName());
				TestThreads.await(allInside);
				assertThat(VAR.get()).isEqualTo(Thread.currentThread().getName());
			});

			TestThreads.together(8, () -> {
				wrapped.run();
				return VAR.get();
			}).forEach((after) -> assertThat(after).isEqualTo("none"));

			assertThat(seen).hasSize(8).containsOnly("then");
		}

		@ParameterizedTest
		@MethodSource("io.github.contextvars.ContextWrapTests#wrappings")
		void wrapWhenBodyThrowsThrowsTheSameAndRestores(Wrapping wrapping) {
			IllegalCallerException failure = new IllegalCallerException();
			Runnable wrapped = wrapping.wrap(contextOf("then"), () -> {
				VAR.set("changed");
				throw failure;
			});

			contextOf("caller").run(() -> {
				assertThat(catchThrowable(wrapped::run)).isSameAs(failure);
				assertThat(VAR.get()).isEqualTo("caller");
			});
		}

	}

	@Nested
	class Results {

		@Test
		void wrapReturnsWhatTheBodyReturnsEvenNull() throws Exception {
			Context context = contextOf("then");

			assertThat(context.wrapCallable(() -> VAR.get()).call()).isEqualTo("then");
			assertThat(context.wrapCallable(() -> null).call()).isNull();
			assertThat(context.wrapSupplier(() -> VAR.get()).get()).isEqualTo("then");
			assertThat(context.wrapSupplier(() -> null).get()).isNull();
			assertThat(context.wrapFunction((Integer a) -> VAR.get() + a).apply(1)).isEqualTo("then1");
			assertThat(context.wrapFunction((String a) -> a).apply(null)).isNull();
			assertThat(context.wrapBiFunction((Integer a, Integer b) -> VAR.get() + (a - b)).apply(3, 1))
				.isEqualTo("then2");
		}

		@Test
		void wrapCallableWhenBodyThrowsCheckedExceptionThrowsTheSame() {
			IOException failure = new IOException();

			assertThat(catchThrowable(() -> contextOf("then").wrapCallable(() -> {
				throw failure;
			}).call())).isSameAs(failure);
		}

	}

	private record Wrapping(String name, BiFunction<Context, Runnable, Runnable> how) {

		Runnable wrap(Context context, Runnable body) {
			return this.how.apply(context, body);
		}

		@Override
		public String toString() {
			return this.name;
		}

	}

}

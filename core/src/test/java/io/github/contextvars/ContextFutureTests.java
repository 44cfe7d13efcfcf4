package io.github.contextvars;

import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.contextvars.testsupport.Garbage;
import io.github.contextvars.testsupport.Seeds;
import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

/**
 * Tests of {@link ContextFuture}.
 */
class ContextFutureTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant");

	private static final List<Class<?>> FUNCTIONS = List.of(Function.class, BiFunction.class, Consumer.class,
			BiConsumer.class, Runnable.class, Supplier.class);

	private static boolean takesFunction(Method method) {
		return Arrays.stream(method.getParameterTypes()).anyMatch(FUNCTIONS::contains);
	}

	private static Context contextOf(String tenant) {
		Context context = new Context();
		context.run(() -> TENANT.set(tenant));
		return context;
	}

	/**
	 * Values that a function has seen.
	 */
	private static final class Seen {

		private final List<String> values = new ArrayList<>();

		private void record() {
			this.values.add(TENANT.get("none"));
			TENANT.set("the function's");
		}

		private Object function(Class<?> type, CompletionStage<?> composed) {
			Function<Object, Object> function = (argument) -> {
				record();
				return composed;
			};
			if (type == Function.class) {
				return function;
			}
			if (type == BiFunction.class) {
				return (BiFunction<Object, Object, Object>) (first, second) -> function.apply(first);
			}
			if (type == Consumer.class) {
				return (Consumer<Object>) function::apply;
			}
			if (type == BiConsumer.class) {
				return (BiConsumer<Object, Object>) (first, second) -> function.apply(first);
			}
			if (type == Supplier.class) {
				return (Supplier<Object>) () -> function.apply(null);
			}
			return (Runnable) this::record;
		}

		private Object[] arguments(Method method, CompletionStage<?> other, Executor executor) {
			CompletionStage<?> composed = method.getName().contains("ompose") ? CompletableFuture.completedFuture("b")
					: null;
			return Arrays.stream(method.getParameterTypes())
				.map((type) -> (type == Executor.class) ? executor
						: (type == CompletionStage.class) ? other : function(type, composed))
				.toArray();
		}

	}

	@Nested
	class Stages {

		static Stream<Method> stageMethods() {
			return Stream.of(CompletionStage.class.getMethods())
				.filter(ContextFutureTests::takesFunction)
				.sorted(Comparator.comparing(Method::toString)); // in the same order in
																	// each JVM
		}

		@Test
		void methodsThatTakeFunctionAreAllOverridden() {
			assertThat(stageMethods()).hasSizeGreaterThanOrEqualTo(42);
			assertThat(CompletableFuture.class.getMethods())
				.filteredOn((method) -> method.getDeclaringClass() == CompletableFuture.class && takesFunction(method))
				.allSatisfy((method) -> assertThat(
						ContextFuture.class.getDeclaredMethod(method.getName(), method.getParameterTypes()))
					.isNotNull());
		}

		@Test
		void staticMethodsThatReturnFutureAreAllHidden() {
			assertThat(CompletableFuture.class.getMethods())
				.filteredOn((method) -> Modifier.isStatic(method.getModifiers())
						&& CompletionStage.class.isAssignableFrom(method.getReturnType()))
				.hasSizeGreaterThanOrEqualTo(10)
				.allSatisfy((method) -> assertThat(
						ContextFuture.class.getDeclaredMethod(method.getName(), method.getParameterTypes()))
					.isNotNull());
		}

		@ParameterizedTest
		@MethodSource("stageMethods")
		void functionWhenAnotherThreadCompletesSeesRegistrarsValues(Method method) throws Exception {
			ContextFuture<Object> future = new ContextFuture<>();

			assertRegistrarsValues(method, future, future, future);
		}

		@ParameterizedTest
		@MethodSource("stageMethods")
		void functionOfMinimalStageSeesRegistrarsValues(Method method) throws Exception {
			ContextFuture<Object> future = new ContextFuture<>();
			CompletionStage<Object> stage = future.minimalCompletionStage();

			assertRegistrarsValues(method, future, stage, stage);
			assertThat((Object) stage).isNotInstanceOf(CompletableFuture.class);
		}

		@ParameterizedTest
		@MethodSource("stageMethods")
		void functionOfDependentOfDependentSeesRegistrarsValues(Method method) throws Exception {
			ContextFuture<Object> future = new ContextFuture<>();
			CompletionStage<Object> dependent = future.copy()
				.minimalCompletionStage()
				.whenComplete((value, failure) -> {
				})
				.toCompletableFuture()
				.orTimeout(1, TimeUnit.HOURS)
				.completeOnTimeout("late", 1, TimeUnit.HOURS)
				.whenComplete((value, failure) -> {
				});

			assertRegistrarsValues(method, future, dependent, new CompletableFuture<>());
		}

		private void assertRegistrarsValues(Method method, ContextFuture<Object> future, CompletionStage<?> stage,
				CompletionStage<?> other) throws Exception {
			Seen seen = new Seen();
			Executor inAnotherContext = ContextExecutors.fixed(Runnable::run, contextOf("the executor's"));
			Object[] arguments = seen.arguments(method, other, inAnotherContext);
			Object[] result = new Object[1];
			contextOf("the registrar's").<Void, Exception>call(() -> {
				result[0] = method.invoke(stage, arguments);
				TENANT.set("later");
				return null;
			});
			assertThat(result[0])
				.isInstanceOf((stage instanceof ContextFuture) ? ContextFuture.class : MinimalContextStage.class);

			TestThreads.run(() -> contextOf("the completing thread's").run(() -> {
				complete(method, future);
				if (other instanceof CompletableFuture<?> independent) {
					independent.complete(null);
				}
				assertThat(TENANT.get()).isEqualTo("the completing thread's");
				assertThat(Context.depth()).isEqualTo(1);
			}));
			((CompletionStage<?>) result[0]).toCompletableFuture().get(30, TimeUnit.SECONDS);
			assertThat(seen.values).containsExactly("the registrar's");
		}

		@ParameterizedTest
		@MethodSource("stageMethods")
		void functionWhenRegisteredOutsideAnyContextSeesNoValue(Method method) throws Exception {
			ContextFuture<Object> future = new ContextFuture<>();
			Seen seen = new Seen();
			CompletionStage<?> result = (CompletionStage<?>) method.invoke(future,
					seen.arguments(method, future, Runnable::run));

			contextOf("the completing thread's").run(() -> complete(method, future));

			result.toCompletableFuture().get(30, TimeUnit.SECONDS);
			assertThat(seen.values).containsExactly("none");
		}

		@ParameterizedTest
		@MethodSource("stageMethods")
		void functionWhenFutureIsCompleteSeesValuesAndRegistrarsStay(Method method) throws Exception {
			ContextFuture<Object> future = new ContextFuture<>();
			complete(method, future);
			Seen seen = new Seen();

			contextOf("the registrar's").<Void, Exception>call(() -> {
				CompletionStage<?> result = (CompletionStage<?>) method.invoke(future,
						seen.arguments(method, future, Runnable::run));
				result.toCompletableFuture().get(30, TimeUnit.SECONDS);
				assertThat(TENANT.get()).isEqualTo("the registrar's");
				assertThat(Context.depth()).isEqualTo(1);
				return null;
			});

			assertThat(seen.values).containsExactly("the registrar's");
		}

		@ParameterizedTest
		@MethodSource("stageMethods")
		void nullArgumentIsNamedAtRegistration(Method method) {
			Object[] arguments = new Seen().arguments(method, new ContextFuture<>(), Runnable::run);
			for (int i = 0; i < arguments.length; i++) {
				Object[] withNull = arguments.clone();
				withNull[i] = null;
				for (CompletionStage<?> stage : List.of(new ContextFuture<>(), ContextFuture.completedStage("a"))) {
					assertThatExceptionOfType(InvocationTargetException.class)
						.isThrownBy(() -> method.invoke(stage, withNull))
						.havingCause()
						.isInstanceOf(NullPointerException.class)
						.withMessageMatching("'(function|consumer|task|other|executor)' must not be null");
				}
			}
		}

		@Test
		void functionThatThrowsFailsItsStageAndLeavesTheContext() {
			ContextFuture<String> future = new ContextFuture<>();
			ContextFuture<String> failing = contextOf("the registrar's").call(() -> future.thenApply((value) -> {
				throw new IllegalStateException(TENANT.get());
			}));

			future.complete("a");

			assertThat(Context.depth()).isZero();
			assertThatExceptionOfType(CompletionException.class).isThrownBy(failing::join)
				.withRootCauseInstanceOf(IllegalStateException.class)
				.withMessageContaining("the registrar's");
		}

		private static void complete(Method method, ContextFuture<?> future) {
			if (method.getName().startsWith("exceptionally")) {
				future.completeExceptionally(new IllegalStateException("planned"));
			}
			else {
				future.complete(null);
			}
		}

	}

	@Nested
	class Tasks {

		@Test
		void taskOfEachFactoryMethodSeesCallersValues() throws Exception {
			Executor executor = (task) -> new Thread(task).start();
			contextOf("the caller's").<Void, Exception>call(() -> {
				Seen seen = new Seen();
				ContextFuture.runAsync(seen::record).get(30, TimeUnit.SECONDS);
				ContextFuture.runAsync(seen::record, executor).get(30, TimeUnit.SECONDS);
				Supplier<String> supplier = () -> {
					seen.record();
					return "done";
				};
				assertThat(ContextFuture.supplyAsync(supplier).get(30, TimeUnit.SECONDS)).isEqualTo("done");
				assertThat(ContextFuture.supplyAsync(supplier, executor).get(30, TimeUnit.SECONDS)).isEqualTo("done");
				ContextFuture<String> future = new ContextFuture<>();
				assertThat(future.completeAsync(supplier)).isSameAs(future);
				assertThat(future.get(30, TimeUnit.SECONDS)).isEqualTo("done");
				assertThat(new ContextFuture<String>().completeAsync(supplier, executor).get(30, TimeUnit.SECONDS))
					.isEqualTo("done");
				assertThat(seen.values).hasSize(6).containsOnly("the caller's");
				assertThat(TENANT.get()).isEqualTo("the caller's");
				return null;
			});
		}

		@Test
		void contextIsCapturedOnce() {
			List<Runnable> tasks = new ArrayList<>();
			Seen seen = new Seen();
			Context context = contextOf("before");
			context.run(() -> {
				ContextFuture.runAsync(seen::record, tasks::add);
				ContextFuture.supplyAsync(() -> {
					seen.record();
					return "";
				}, tasks::add);
				ContextFuture.completedFuture("a").thenRunAsync(seen::record, tasks::add);
				TENANT.set("after");
			});

			contextOf("the executor's").run(() -> tasks.forEach(Runnable::run));

			assertThat(seen.values).containsExactly("before", "before", "before");
		}

		@Test
		void nullArgumentsAreNamed() {
			assertThatNullPointerException().isThrownBy(() -> ContextFuture.supplyAsync(null))
				.withMessage("'supplier' must not be null");
			assertThatNullPointerException().isThrownBy(() -> ContextFuture.supplyAsync(() -> "", null))
				.withMessage("'executor' must not be null");
			assertThatNullPointerException().isThrownBy(() -> ContextFuture.runAsync(null))
				.withMessage("'task' must not be null");
			assertThatNullPointerException().isThrownBy(() -> ContextFuture.runAsync(() -> {
			}, null)).withMessage("'executor' must not be null");
			assertThatNullPointerException().isThrownBy(() -> ContextFuture.from(null))
				.withMessage("'stage' must not be null");
			assertThatNullPointerException().isThrownBy(() -> ContextFuture.failedFuture(null))
				.withMessage("'failure' must not be null");
		}

	}

	@Nested
	class Results {

		@Test
		void fromCompletesAsTheOtherStageDoes() {
			for (CompletableFuture<String> source : List.of(new CompletableFuture<String>(),
					new ContextFuture<String>())) {
				ContextFuture<String> future = ContextFuture.from(source);
				ContextFuture<String> ofMinimal = ContextFuture.from(source.minimalCompletionStage());
				source.complete("a");
				assertThat(future.join()).isEqualTo("a");
				assertThat(ofMinimal.join()).isEqualTo("a");
			}
			CompletableFuture<String> failing = new CompletableFuture<>();
			ContextFuture<String> future = ContextFuture.from(failing);
			failing.completeExceptionally(new NoSuchElementException("planned"));
			assertThatExceptionOfType(CompletionException.class).isThrownBy(future::join)
				.withCauseInstanceOf(NoSuchElementException.class);
		}

		@Test
		void cancellingDoesNotReachTheSource() {
			CompletableFuture<String> source = new CompletableFuture<>();
			ContextFuture<String> future = ContextFuture.from(source);

			future.cancel(true);

			assertThat(future).isCancelled();
			assertThat(source).isNotDone();
		}

		@Test
		void cancelledSourceCancels() {
			CompletableFuture<String> source = new CompletableFuture<>();
			ContextFuture<String> future = ContextFuture.from(source);

			source.cancel(true);

			assertThat(future).isCancelled();
			assertThatExceptionOfType(CancellationException.class).isThrownBy(future::join);
		}

		@Test
		void factoryMethodsReturnContextFuturesWithTheirResults() {
			assertThat(ContextFuture.completedFuture("a").join()).isEqualTo("a");
			assertThat(ContextFuture.failedFuture(new IllegalStateException("planned"))).isCompletedExceptionally();
			assertThat(ContextFuture.completedStage("a").toCompletableFuture().join()).isEqualTo("a");
			assertThat(ContextFuture.failedStage(new IllegalStateException("planned")).toCompletableFuture())
				.isInstanceOf(ContextFuture.class)
				.isCompletedExceptionally();
			CompletableFuture<String> first = new CompletableFuture<>();
			CompletableFuture<String> second = new ContextFuture<>();
			ContextFuture<Void> all = ContextFuture.allOf(first, second);
			ContextFuture<Object> any = ContextFuture.anyOf(first, second);
			second.complete("b");
			assertThat(any.join()).isEqualTo("b");
			assertThat(all).isNotDone();
			first.complete("a");
			assertThat(all).isCompleted();
		}

		@Test
		void minimalStageTellsItsStateAsFuturesDo() {
			ContextFuture<String> future = new ContextFuture<>();
			CompletionStage<String> stage = future.minimalCompletionStage();

			assertThat(stage.toString()).contains("[Not completed");
			future.complete("a");
			assertThat(stage.toString()).contains("[Completed normally]");
		}

		@Test
		void minimalStageCannotCompleteTheFuture() {
			ContextFuture<String> future = new ContextFuture<>();
			future.minimalCompletionStage().toCompletableFuture().complete("b");

			assertThat(future).isNotDone();
		}

		@Test
		void timeoutCompletesTheStage() {
			assertThatExceptionOfType(CompletionException.class)
				.isThrownBy(() -> new ContextFuture<>().orTimeout(1, TimeUnit.MILLISECONDS).join())
				.withCauseInstanceOf(TimeoutException.class);
			assertThat(new ContextFuture<>().completeOnTimeout("late", 1, TimeUnit.MILLISECONDS).join())
				.isEqualTo("late");
		}

	}

	@Nested
	class Retention {

		private final ContextVar<Object> held = ContextVar.of("held");

		@Test
		void completedFutureKeepsNoValue() {
			Object[] value = { new Object() };
			WeakReference<Object> reference = new WeakReference<>(value[0]);
			List<CompletionStage<?>> stages = new ArrayList<>();
			ContextFuture<String> future = new ContextFuture<>();
			new Context().run(() -> {
				this.held.set(value[0]);
				stages.add(future.thenApply(Function.identity()));
				stages.add(future.minimalCompletionStage().handle((result, failure) -> result));
				stages.add(future.exceptionally((failure) -> ""));
				stages.add(ContextFuture.from(future));
				stages.add(future.thenCombine(new ContextFuture<>().completeOnTimeout("", 1, TimeUnit.MILLISECONDS),
						(one, other) -> one));
			});
			value[0] = null;
			assertThat(Garbage.isKept(reference)).isTrue();

			future.complete("a");
			stages.forEach((stage) -> stage.toCompletableFuture().join());

			assertThat(Garbage.isCollected(reference)).isTrue();
			assertThat(stages).hasSize(5);
		}

		@Test
		void fromKeepsNoValue() {
			Object[] value = { new Object() };
			WeakReference<Object> reference = new WeakReference<>(value[0]);
			ContextFuture<String> source = new ContextFuture<>();
			List<ContextFuture<?>> futures = new ArrayList<>();
			new Context().run(() -> {
				this.held.set(value[0]);
				futures.add(ContextFuture.from(source));
				futures.add(ContextFuture.from(source.minimalCompletionStage()));
				futures.add(source.copy());
				futures.add(ContextFuture.allOf(source));
			});
			value[0] = null;

			assertThat(Garbage.isCollected(reference)).isTrue();
			assertThat(source).isNotDone();
			assertThat(futures).hasSize(4);
		}

	}

	/**
	 * Python's rule: a callback runs in a copy of the context that was current when it
	 * was added.
	 */
	@Nested
	class Model {

		private static final int CONTEXTS = 4;

		private static final int VARIABLES = 3;

		@Test
		void randomRegistrationsMatchTheModel() {
			long seed = Seeds.seed();
			Random random = new Random(seed);
			List<ContextVar<String>> variables = Stream.of("a", "b", "c").map(ContextVar::<String>of).toList();
			List<Context> contexts = Stream.generate(Context::new).limit(CONTEXTS).toList();
			List<Map<String, String>> models = new ArrayList<>();
			contexts.forEach((context) -> models.add(new HashMap<>()));
			// A dependent that is completed by itself does not run its function.
			List<ContextFuture<Integer>> roots = new ArrayList<>();
			List<ContextFuture<Integer>> futures = new ArrayList<>();
			AtomicInteger expected = new AtomicInteger();
			AtomicInteger called = new AtomicInteger();
			List<String> differences = new ArrayList<>();
			for (int step = 0; step < 20_000; step++) {
				int at = random.nextInt(CONTEXTS);
				Map<String, String> model = models.get(at);
				int action = random.nextInt(4);
				int number = step;
				contexts.get(at).run(() -> {
					if (action == 0) {
						ContextVar<String> variable = variables.get(random.nextInt(VARIABLES));
						variable.set("value-" + number);
						model.put(variable.name(), "value-" + number);
					}
					else if (action == 1) {
						roots.add(new ContextFuture<>());
						futures.add(roots.get(roots.size() - 1));
					}
					else if (action == 2 && !futures.isEmpty()) {
						Map<String, String> atRegistration = Map.copyOf(model);
						ContextFuture<Integer> future = futures.get(random.nextInt(futures.size()));
						expected.incrementAndGet();
						ContextFuture<Integer> next = register(random, future, () -> {
							called.incrementAndGet();
							Map<String, String> found = new HashMap<>();
							variables.forEach((variable) -> {
								if (variable.get((String) null) != null) {
									found.put(variable.name(), variable.get());
								}
								variable.set("the callback's");
							});
							if (!found.equals(atRegistration)) {
								differences.add(number + ": " + found + " instead of " + atRegistration);
							}
						});
						if (random.nextBoolean()) {
							futures.add(next);
						}
					}
					else if (!roots.isEmpty()) {
						roots.remove(random.nextInt(roots.size())).complete(number);
					}
				});
			}
			roots.forEach((future) -> future.complete(0));
			assertThat(differences).as("seed %d", seed).isEmpty();
			assertThat(called).as("seed %d", seed).hasValue(expected.get()).hasValueGreaterThan(1000);
		}

		private static ContextFuture<Integer> register(Random random, ContextFuture<Integer> future, Runnable body) {
			return switch (random.nextInt(5)) {
				case 0 -> future.thenApply((value) -> {
					body.run();
					return value;
				});
				case 1 -> future.whenComplete((value, failure) -> body.run());
				case 2 -> future.thenCompose((value) -> {
					body.run();
					return ContextFuture.completedFuture(value);
				});
				case 3 -> future.handleAsync((value, failure) -> {
					body.run();
					return value;
				}, Runnable::run);
				default -> future.thenCombine(ContextFuture.completedFuture(1), (value, other) -> {
					body.run();
					return value;
				});
			};
		}

	}

}

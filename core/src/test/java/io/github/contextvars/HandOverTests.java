package io.github.contextvars;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

/**
 * {@link Context#onHandOver}. Isolated, because the handler is that of the JVM.
 */
@Isolated
class HandOverTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	private static final ThreadLocal<String> OTHER = new ThreadLocal<>();

	private static final List<String> SEEN = new ArrayList<>();

	private final List<String> calls = new ArrayList<>();

	@AfterEach
	void removeHandler() {
		Context.onHandOver(null);
		OTHER.remove();
	}

	@Test
	void handlerIsAskedAtEachHandOverAndItsScopeSurroundsEachRun() {
		List<Runnable> submitted = new ArrayList<>();
		Executor executor = ContextExecutors.wrap((Executor) submitted::add);
		Context.onHandOver(() -> {
			this.calls.add("captured " + TENANT.get());
			return () -> {
				this.calls.add("opened in " + TENANT.get());
				return () -> this.calls.add("closed in " + TENANT.get());
			};
		});

		new Context().run(() -> {
			TENANT.set("acme");
			executor.execute(() -> {
				this.calls.add("task");
				TENANT.set("globex");
			});
		});
		submitted.get(0).run();
		submitted.get(0).run();

		assertThat(this.calls).containsExactly("captured acme", "opened in acme", "task", "closed in globex",
				"opened in acme", "task", "closed in globex");
	}

	@ParameterizedTest
	@MethodSource
	void stageHasWhatGoesAlong(String kind, Function<ContextFuture<String>, CompletableFuture<?>> stage) {
		Context.onHandOver(HandOverTests::companion);
		ContextFuture<String> future = new ContextFuture<>();
		OTHER.set("acme");
		CompletableFuture<?> result = stage.apply(future);
		OTHER.set("globex");
		SEEN.clear();

		future.complete("value");

		assertThat(SEEN).as(kind).containsExactly("acme");
		assertThat(result.join()).isIn("seen", "value", null);
		assertThat(result.isDone()).isTrue();
		assertThat(OTHER.get()).isEqualTo("globex");
	}

	static Stream<Arguments> stageHasWhatGoesAlong() {
		return Stream.of(stage("apply", (future) -> returning(future.thenApply((any) -> see()), "seen")),
				stage("accept", (future) -> future.thenAccept((any) -> see())),
				stage("run", (future) -> future.thenRun(HandOverTests::see)),
				stage("handle", (future) -> returning(future.handle((any, ex) -> see()), "seen")),
				stage("whenComplete", (future) -> returning(future.whenComplete((any, ex) -> see()), "value")),
				stage("combine",
						(future) -> returning(
								future.thenCombine(ContextFuture.completedFuture(""), (any, other) -> see()), "seen")),
				stage("both",
						(future) -> future.thenAcceptBoth(ContextFuture.completedFuture(""), (any, other) -> see())));
	}

	@Test
	void suppliedValueHasWhatGoesAlong() {
		Context.onHandOver(HandOverTests::companion);
		OTHER.set("acme");
		List<Runnable> submitted = new ArrayList<>();
		ContextFuture<String> future = new ContextFuture<>();
		future.completeAsync(OTHER::get, submitted::add);
		OTHER.set("globex");

		submitted.get(0).run();

		assertThat(future).isCompletedWithValue("acme");
		assertThat(OTHER.get()).isEqualTo("globex");
	}

	private static Arguments stage(String kind, Function<ContextFuture<String>, CompletableFuture<?>> stage) {
		return Arguments.of(kind, stage);
	}

	private static CompletableFuture<?> returning(CompletableFuture<String> stage, String expected) {
		return stage.toCompletableFuture().copy().whenComplete((value, ex) -> assertThat(value).isEqualTo(expected));
	}

	private static String see() {
		SEEN.add(OTHER.get());
		return "seen";
	}

	private static Supplier<Context.Scope> companion() {
		String captured = OTHER.get();
		return () -> {
			String previous = OTHER.get();
			OTHER.set(captured);
			return () -> OTHER.set(previous);
		};
	}

	@Test
	void threadAndCallableHaveWhatGoesAlong() throws Exception {
		Context.onHandOver(HandOverTests::companion);
		OTHER.set("acme");
		String[] seen = new String[1];
		Thread thread = ContextExecutors.wrap((ThreadFactory) Thread::new).newThread(() -> seen[0] = OTHER.get());
		thread.start();
		thread.join();
		ExecutorService pool = Executors.newSingleThreadExecutor();
		try {
			assertThat(ContextExecutors.wrap(pool).submit(() -> OTHER.get()).get()).isEqualTo("acme");
		}
		finally {
			pool.shutdown();
		}

		assertThat(seen).containsExactly("acme");
	}

	@Test
	void wrappedFunctionBringsValuesOnly() {
		Context.onHandOver(HandOverTests::companion);
		OTHER.set("acme");
		Runnable wrapped = Context.copyOfCurrent().wrap(() -> this.calls.add(OTHER.get()));
		OTHER.set("globex");

		wrapped.run();

		assertThat(this.calls).containsExactly("globex");
	}

	@Test
	void handlerThatThrowsReachesTheCodeThatHandsOver() {
		Context.onHandOver(() -> {
			throw new IllegalStateException("planned");
		});

		assertThatIllegalStateException().isThrownBy(() -> new ContextFuture<>().thenRun(() -> {
		}));
		Context.onHandOver(null);
		assertThat(new ContextFuture<>().thenRun(() -> {
		})).isNotDone();
	}

	@Test
	void openingThatThrowsFailsTheRunAndLeavesNoContext() {
		Context.onHandOver(() -> () -> {
			throw new IllegalStateException("planned");
		});
		ContextFuture<String> future = new ContextFuture<>();
		CompletableFuture<String> stage = future.thenApply((any) -> "ran");

		future.complete("");

		assertThatExceptionOfType(CompletionException.class).isThrownBy(stage::join)
			.withCauseInstanceOf(IllegalStateException.class);
		assertThat(Context.depth()).isZero();
	}

	@Test
	void nullFunctionIsRefusedAsWithoutHandler() {
		Context.onHandOver(HandOverTests::companion);

		assertThatNullPointerException().isThrownBy(() -> new ContextFuture<>().thenRun(null))
			.withMessageContaining("'task'");
	}

}

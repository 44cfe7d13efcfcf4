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

		future.complete("");

		assertThat(result.join()).as(kind).isIn("acme", null);
		assertThat(OTHER.get()).isEqualTo("globex");
	}

	static Stream<Arguments> stageHasWhatGoesAlong() {
		return Stream.of(stage("apply", (future) -> future.thenApply((any) -> OTHER.get())),
				stage("accept", (future) -> future.thenAccept((any) -> check())),
				stage("run", (future) -> future.thenRun(HandOverTests::check)),
				stage("handle", (future) -> future.handle((any, ex) -> OTHER.get())),
				stage("whenComplete", (future) -> future.whenComplete((any, ex) -> check()).thenApply((any) -> null)),
				stage("combine",
						(future) -> future.thenCombine(ContextFuture.completedFuture(""), (any, other) -> OTHER.get())),
				stage("both",
						(future) -> future.thenAcceptBoth(ContextFuture.completedFuture(""), (any, other) -> check())),
				stage("supply", (future) -> new ContextFuture<String>().completeAsync(OTHER::get, Runnable::run)));
	}

	private static Arguments stage(String kind, Function<ContextFuture<String>, CompletableFuture<?>> stage) {
		return Arguments.of(kind, stage);
	}

	private static void check() {
		assertThat(OTHER.get()).isEqualTo("acme");
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

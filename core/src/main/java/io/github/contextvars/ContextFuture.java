package io.github.contextvars;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * {@link CompletableFuture} whose stages run in a copy of the context in which they were
 * registered, no matter which thread completes it.
 *
 * <pre>{@code
 * ContextFuture<String> order = ContextFuture.from(client.fetch());
 * return order.thenApply((text) -> text + " for " + TENANT.get());
 * }</pre>
 *
 * <p>
 * A stage of a plain {@code CompletableFuture} runs in the context of the thread that
 * completes the future, or, if the future is complete already, in that of the caller: it
 * may read the values of another request. Here, each method that takes a function
 * captures the caller's context when it is called, once. The function runs in a context
 * of its own with exactly these values, and in an empty one if the caller was in none.
 * What it sets is not seen elsewhere, and the thread that runs it is afterwards where it
 * was, also if the function throws. Values that an executor adds, such as
 * {@link ContextExecutors#fixed}, are those of a context around the function's, which the
 * function does not see.
 * <p>
 * Every stage that is made of this one, {@link #copy()} and
 * {@link #minimalCompletionStage()} included, is of the same kind. The static methods of
 * {@code CompletableFuture} are hidden by methods that return a {@code ContextFuture}. A
 * stage that has run, or that is no longer to run, retains no context.
 * <p>
 * All methods may be called on any thread, and throw {@link NullPointerException} if an
 * argument is {@code null}. A stage costs some 40 bytes more than one of a
 * {@code CompletableFuture}.
 * <p>
 * The idea is that of Python's {@code asyncio}, where {@code add_done_callback()} copies
 * the context when the callback is added.
 *
 * @param <T> the type of the result
 * @since 0.1.0
 * @see Context#wrapFunction
 * @see <a href=
 * "https://docs.python.org/3/library/asyncio-future.html#asyncio.Future.add_done_callback">Python's
 * Future.add_done_callback()</a>
 */
public final class ContextFuture<T extends @Nullable Object> extends CompletableFuture<T> {

	/**
	 * Create a future that is not complete.
	 */
	public ContextFuture() {
	}

	/**
	 * Create a future that completes as another stage does. Cancelling or completing it
	 * does not affect the other stage.
	 * @param <T> the type of the result
	 * @param stage the other stage
	 * @return a new future
	 */
	public static <T extends @Nullable Object> ContextFuture<T> from(CompletionStage<T> stage) {
		Objects.requireNonNull(stage, "'stage' must not be null");
		ContextFuture<T> future = new ContextFuture<>();
		if (stage instanceof ContextFuture<T> other) {
			other.relayTo(future);
		}
		else if (stage instanceof MinimalContextStage<T> other) {
			other.future().relayTo(future);
		}
		else {
			stage.whenComplete(future::settle);
		}
		return future;
	}

	/**
	 * Create a future that a task completes on the default executor. The task runs in a
	 * copy of the caller's context.
	 * @param <U> the type of the result
	 * @param supplier the task
	 * @return a new future
	 * @see CompletableFuture#supplyAsync(Supplier)
	 */
	public static <U extends @Nullable Object> ContextFuture<U> supplyAsync(Supplier<U> supplier) {
		return new ContextFuture<U>().completeAsync(supplier);
	}

	/**
	 * Create a future that a task completes on an executor. The task runs in a copy of
	 * the caller's context.
	 * @param <U> the type of the result
	 * @param supplier the task
	 * @param executor the executor
	 * @return a new future
	 * @see CompletableFuture#supplyAsync(Supplier, Executor)
	 */
	public static <U extends @Nullable Object> ContextFuture<U> supplyAsync(Supplier<U> supplier, Executor executor) {
		return new ContextFuture<U>().completeAsync(supplier, executor);
	}

	/**
	 * Create a future that completes when a task has run on the default executor, in a
	 * copy of the caller's context.
	 * @param task the task
	 * @return a new future
	 * @see CompletableFuture#runAsync(Runnable)
	 */
	public static ContextFuture<Void> runAsync(Runnable task) {
		ContextFuture<Void> future = new ContextFuture<>();
		return future.run(task, future.defaultExecutor());
	}

	/**
	 * Create a future that completes when a task has run on an executor, in a copy of the
	 * caller's context.
	 * @param task the task
	 * @param executor the executor
	 * @return a new future
	 * @see CompletableFuture#runAsync(Runnable, Executor)
	 */
	public static ContextFuture<Void> runAsync(Runnable task, Executor executor) {
		return new ContextFuture<Void>().run(task, executor);
	}

	/**
	 * Create a future that is complete.
	 * @param <U> the type of the result
	 * @param value the result
	 * @return a new future
	 */
	public static <U extends @Nullable Object> ContextFuture<U> completedFuture(U value) {
		ContextFuture<U> future = new ContextFuture<>();
		future.complete(value);
		return future;
	}

	/**
	 * Create a future that has failed.
	 * @param <U> the type of the result
	 * @param failure the exception
	 * @return a new future
	 */
	public static <U extends @Nullable Object> ContextFuture<U> failedFuture(Throwable failure) {
		Objects.requireNonNull(failure, "'failure' must not be null");
		ContextFuture<U> future = new ContextFuture<>();
		future.completeExceptionally(failure);
		return future;
	}

	/**
	 * Create a stage that is complete, and has the methods of {@link CompletionStage}
	 * only.
	 * @param <U> the type of the result
	 * @param value the result
	 * @return a new stage
	 */
	public static <U extends @Nullable Object> CompletionStage<U> completedStage(U value) {
		return new MinimalContextStage<>(completedFuture(value));
	}

	/**
	 * Create a stage that has failed, and has the methods of {@link CompletionStage}
	 * only.
	 * @param <U> the type of the result
	 * @param failure the exception
	 * @return a new stage
	 */
	public static <U extends @Nullable Object> CompletionStage<U> failedStage(Throwable failure) {
		return new MinimalContextStage<>(failedFuture(failure));
	}

	/**
	 * Create a future that completes when all given ones have.
	 * @param futures the futures, of any class
	 * @return a new future
	 * @see CompletableFuture#allOf
	 */
	public static ContextFuture<Void> allOf(CompletableFuture<?>... futures) {
		return from(CompletableFuture.allOf(futures));
	}

	/**
	 * Create a future that completes as the first of the given ones does.
	 * @param futures the futures, of any class
	 * @return a new future
	 * @see CompletableFuture#anyOf
	 */
	public static ContextFuture<Object> anyOf(CompletableFuture<?>... futures) {
		return from(CompletableFuture.anyOf(futures));
	}

	@Override
	public <U> CompletableFuture<U> newIncompleteFuture() {
		return new ContextFuture<>();
	}

	@Override
	public ContextFuture<T> copy() {
		return (ContextFuture<T>) super.copy();
	}

	@Override
	public CompletionStage<T> minimalCompletionStage() {
		return new MinimalContextStage<>(copy());
	}

	@Override
	public ContextFuture<T> toCompletableFuture() {
		return this;
	}

	@Override
	public ContextFuture<T> completeAsync(Supplier<? extends T> supplier) {
		return completeAsync(supplier, defaultExecutor());
	}

	@Override
	public ContextFuture<T> completeAsync(Supplier<? extends T> supplier, Executor executor) {
		super.completeAsync(captured().wrapSupplier(supplier), requireExecutor(executor));
		return this;
	}

	@Override
	public ContextFuture<T> orTimeout(long timeout, TimeUnit unit) {
		super.orTimeout(timeout, unit);
		return this;
	}

	@Override
	public ContextFuture<T> completeOnTimeout(T value, long timeout, TimeUnit unit) {
		super.completeOnTimeout(value, timeout, unit);
		return this;
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<U> thenApply(Function<? super T, ? extends U> function) {
		return (ContextFuture<U>) super.<U>thenApply(captured().wrapFunction(function));
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<U> thenApplyAsync(Function<? super T, ? extends U> function) {
		return (ContextFuture<U>) super.<U>thenApplyAsync(captured().wrapFunction(function));
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<U> thenApplyAsync(Function<? super T, ? extends U> function,
			Executor executor) {
		return (ContextFuture<U>) super.<U>thenApplyAsync(captured().wrapFunction(function), requireExecutor(executor));
	}

	@Override
	public ContextFuture<Void> thenAccept(Consumer<? super T> consumer) {
		return (ContextFuture<Void>) super.thenAccept(captured().wrapConsumer(consumer));
	}

	@Override
	public ContextFuture<Void> thenAcceptAsync(Consumer<? super T> consumer) {
		return (ContextFuture<Void>) super.thenAcceptAsync(captured().wrapConsumer(consumer));
	}

	@Override
	public ContextFuture<Void> thenAcceptAsync(Consumer<? super T> consumer, Executor executor) {
		return (ContextFuture<Void>) super.thenAcceptAsync(captured().wrapConsumer(consumer),
				requireExecutor(executor));
	}

	@Override
	public ContextFuture<Void> thenRun(Runnable task) {
		return (ContextFuture<Void>) super.thenRun(captured().wrap(task));
	}

	@Override
	public ContextFuture<Void> thenRunAsync(Runnable task) {
		return (ContextFuture<Void>) super.thenRunAsync(captured().wrap(task));
	}

	@Override
	public ContextFuture<Void> thenRunAsync(Runnable task, Executor executor) {
		return (ContextFuture<Void>) super.thenRunAsync(captured().wrap(task), requireExecutor(executor));
	}

	@Override
	public <U extends @Nullable Object, V extends @Nullable Object> ContextFuture<V> thenCombine(
			CompletionStage<? extends U> other, BiFunction<? super T, ? super U, ? extends V> function) {
		return (ContextFuture<V>) super.<U, V>thenCombine(requireOther(other), captured().wrapBiFunction(function));
	}

	@Override
	public <U extends @Nullable Object, V extends @Nullable Object> ContextFuture<V> thenCombineAsync(
			CompletionStage<? extends U> other, BiFunction<? super T, ? super U, ? extends V> function) {
		return (ContextFuture<V>) super.<U, V>thenCombineAsync(requireOther(other),
				captured().wrapBiFunction(function));
	}

	@Override
	public <U extends @Nullable Object, V extends @Nullable Object> ContextFuture<V> thenCombineAsync(
			CompletionStage<? extends U> other, BiFunction<? super T, ? super U, ? extends V> function,
			Executor executor) {
		return (ContextFuture<V>) super.<U, V>thenCombineAsync(requireOther(other), captured().wrapBiFunction(function),
				requireExecutor(executor));
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<Void> thenAcceptBoth(CompletionStage<? extends U> other,
			BiConsumer<? super T, ? super U> consumer) {
		return (ContextFuture<Void>) super.<U>thenAcceptBoth(requireOther(other), captured().wrapBiConsumer(consumer));
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<Void> thenAcceptBothAsync(CompletionStage<? extends U> other,
			BiConsumer<? super T, ? super U> consumer) {
		return (ContextFuture<Void>) super.<U>thenAcceptBothAsync(requireOther(other),
				captured().wrapBiConsumer(consumer));
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<Void> thenAcceptBothAsync(CompletionStage<? extends U> other,
			BiConsumer<? super T, ? super U> consumer, Executor executor) {
		return (ContextFuture<Void>) super.<U>thenAcceptBothAsync(requireOther(other),
				captured().wrapBiConsumer(consumer), requireExecutor(executor));
	}

	@Override
	public ContextFuture<Void> runAfterBoth(CompletionStage<?> other, Runnable task) {
		return (ContextFuture<Void>) super.runAfterBoth(requireOther(other), captured().wrap(task));
	}

	@Override
	public ContextFuture<Void> runAfterBothAsync(CompletionStage<?> other, Runnable task) {
		return (ContextFuture<Void>) super.runAfterBothAsync(requireOther(other), captured().wrap(task));
	}

	@Override
	public ContextFuture<Void> runAfterBothAsync(CompletionStage<?> other, Runnable task, Executor executor) {
		return (ContextFuture<Void>) super.runAfterBothAsync(requireOther(other), captured().wrap(task),
				requireExecutor(executor));
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<U> applyToEither(CompletionStage<? extends T> other,
			Function<? super T, U> function) {
		return (ContextFuture<U>) super.<U>applyToEither(requireOther(other), captured().wrapFunction(function));
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<U> applyToEitherAsync(CompletionStage<? extends T> other,
			Function<? super T, U> function) {
		return (ContextFuture<U>) super.<U>applyToEitherAsync(requireOther(other), captured().wrapFunction(function));
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<U> applyToEitherAsync(CompletionStage<? extends T> other,
			Function<? super T, U> function, Executor executor) {
		return (ContextFuture<U>) super.<U>applyToEitherAsync(requireOther(other), captured().wrapFunction(function),
				requireExecutor(executor));
	}

	@Override
	public ContextFuture<Void> acceptEither(CompletionStage<? extends T> other, Consumer<? super T> consumer) {
		return (ContextFuture<Void>) super.acceptEither(requireOther(other), captured().wrapConsumer(consumer));
	}

	@Override
	public ContextFuture<Void> acceptEitherAsync(CompletionStage<? extends T> other, Consumer<? super T> consumer) {
		return (ContextFuture<Void>) super.acceptEitherAsync(requireOther(other), captured().wrapConsumer(consumer));
	}

	@Override
	public ContextFuture<Void> acceptEitherAsync(CompletionStage<? extends T> other, Consumer<? super T> consumer,
			Executor executor) {
		return (ContextFuture<Void>) super.acceptEitherAsync(requireOther(other), captured().wrapConsumer(consumer),
				requireExecutor(executor));
	}

	@Override
	public ContextFuture<Void> runAfterEither(CompletionStage<?> other, Runnable task) {
		return (ContextFuture<Void>) super.runAfterEither(requireOther(other), captured().wrap(task));
	}

	@Override
	public ContextFuture<Void> runAfterEitherAsync(CompletionStage<?> other, Runnable task) {
		return (ContextFuture<Void>) super.runAfterEitherAsync(requireOther(other), captured().wrap(task));
	}

	@Override
	public ContextFuture<Void> runAfterEitherAsync(CompletionStage<?> other, Runnable task, Executor executor) {
		return (ContextFuture<Void>) super.runAfterEitherAsync(requireOther(other), captured().wrap(task),
				requireExecutor(executor));
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<U> thenCompose(
			Function<? super T, ? extends CompletionStage<U>> function) {
		return (ContextFuture<U>) super.<U>thenCompose(captured().wrapFunction(function));
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<U> thenComposeAsync(
			Function<? super T, ? extends CompletionStage<U>> function) {
		return (ContextFuture<U>) super.<U>thenComposeAsync(captured().wrapFunction(function));
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<U> thenComposeAsync(
			Function<? super T, ? extends CompletionStage<U>> function, Executor executor) {
		return (ContextFuture<U>) super.<U>thenComposeAsync(captured().wrapFunction(function),
				requireExecutor(executor));
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<U> handle(
			BiFunction<? super T, Throwable, ? extends U> function) {
		return (ContextFuture<U>) super.<U>handle(captured().wrapBiFunction(function));
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<U> handleAsync(
			BiFunction<? super T, Throwable, ? extends U> function) {
		return (ContextFuture<U>) super.<U>handleAsync(captured().wrapBiFunction(function));
	}

	@Override
	public <U extends @Nullable Object> ContextFuture<U> handleAsync(
			BiFunction<? super T, Throwable, ? extends U> function, Executor executor) {
		return (ContextFuture<U>) super.<U>handleAsync(captured().wrapBiFunction(function), requireExecutor(executor));
	}

	@Override
	public ContextFuture<T> whenComplete(BiConsumer<? super T, ? super Throwable> consumer) {
		return (ContextFuture<T>) super.whenComplete(captured().wrapBiConsumer(consumer));
	}

	@Override
	public ContextFuture<T> whenCompleteAsync(BiConsumer<? super T, ? super Throwable> consumer) {
		return (ContextFuture<T>) super.whenCompleteAsync(captured().wrapBiConsumer(consumer));
	}

	@Override
	public ContextFuture<T> whenCompleteAsync(BiConsumer<? super T, ? super Throwable> consumer, Executor executor) {
		return (ContextFuture<T>) super.whenCompleteAsync(captured().wrapBiConsumer(consumer),
				requireExecutor(executor));
	}

	@Override
	public ContextFuture<T> exceptionally(Function<Throwable, ? extends T> function) {
		return (ContextFuture<T>) super.exceptionally(captured().wrapFunction(function));
	}

	@Override
	public ContextFuture<T> exceptionallyAsync(Function<Throwable, ? extends T> function) {
		return (ContextFuture<T>) super.exceptionallyAsync(captured().wrapFunction(function));
	}

	@Override
	public ContextFuture<T> exceptionallyAsync(Function<Throwable, ? extends T> function, Executor executor) {
		return (ContextFuture<T>) super.exceptionallyAsync(captured().wrapFunction(function),
				requireExecutor(executor));
	}

	@Override
	public ContextFuture<T> exceptionallyCompose(Function<Throwable, ? extends CompletionStage<T>> function) {
		return (ContextFuture<T>) super.exceptionallyCompose(captured().wrapFunction(function));
	}

	@Override
	public ContextFuture<T> exceptionallyComposeAsync(Function<Throwable, ? extends CompletionStage<T>> function) {
		return (ContextFuture<T>) super.exceptionallyComposeAsync(captured().wrapFunction(function));
	}

	@Override
	public ContextFuture<T> exceptionallyComposeAsync(Function<Throwable, ? extends CompletionStage<T>> function,
			Executor executor) {
		return (ContextFuture<T>) super.exceptionallyComposeAsync(captured().wrapFunction(function),
				requireExecutor(executor));
	}

	private static HandOver captured() {
		return HandOver.capture();
	}

	private static Executor requireExecutor(Executor executor) {
		return Objects.requireNonNull(executor, "'executor' must not be null");
	}

	private static <S extends CompletionStage<?>> S requireOther(S other) {
		return Objects.requireNonNull(other, "'other' must not be null");
	}

	private ContextFuture<T> run(Runnable task, Executor executor) {
		Runnable captured = captured().wrap(task);
		super.completeAsync(() -> {
			captured.run();
			return null;
		}, requireExecutor(executor));
		return this;
	}

	// No function of a user: nothing is captured.
	@SuppressWarnings("FutureReturnValueIgnored") // the target tells of failures
	private void relayTo(ContextFuture<T> target) {
		super.whenComplete(target::settle);
	}

	private void settle(T value, @Nullable Throwable failure) {
		if (failure != null) {
			completeExceptionally(failure);
		}
		else {
			complete(value);
		}
	}

}

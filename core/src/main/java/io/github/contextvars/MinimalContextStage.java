package io.github.contextvars;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/**
 * {@link CompletionStage} that hides the methods of a {@link ContextFuture} that read or
 * set its result.
 *
 * @param <T> the type of the result
 */
final class MinimalContextStage<T extends @Nullable Object> implements CompletionStage<T> {

	private final ContextFuture<T> future;

	MinimalContextStage(ContextFuture<T> future) {
		this.future = future;
	}

	ContextFuture<T> future() {
		return this.future;
	}

	// The caller may complete what it gets.
	@Override
	public ContextFuture<T> toCompletableFuture() {
		return this.future.copy();
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<U> thenApply(Function<? super T, ? extends U> function) {
		return new MinimalContextStage<>(this.future.thenApply(function));
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<U> thenApplyAsync(Function<? super T, ? extends U> function) {
		return new MinimalContextStage<>(this.future.thenApplyAsync(function));
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<U> thenApplyAsync(Function<? super T, ? extends U> function,
			Executor executor) {
		return new MinimalContextStage<>(this.future.thenApplyAsync(function, executor));
	}

	@Override
	public CompletionStage<Void> thenAccept(Consumer<? super T> consumer) {
		return new MinimalContextStage<>(this.future.thenAccept(consumer));
	}

	@Override
	public CompletionStage<Void> thenAcceptAsync(Consumer<? super T> consumer) {
		return new MinimalContextStage<>(this.future.thenAcceptAsync(consumer));
	}

	@Override
	public CompletionStage<Void> thenAcceptAsync(Consumer<? super T> consumer, Executor executor) {
		return new MinimalContextStage<>(this.future.thenAcceptAsync(consumer, executor));
	}

	@Override
	public CompletionStage<Void> thenRun(Runnable task) {
		return new MinimalContextStage<>(this.future.thenRun(task));
	}

	@Override
	public CompletionStage<Void> thenRunAsync(Runnable task) {
		return new MinimalContextStage<>(this.future.thenRunAsync(task));
	}

	@Override
	public CompletionStage<Void> thenRunAsync(Runnable task, Executor executor) {
		return new MinimalContextStage<>(this.future.thenRunAsync(task, executor));
	}

	@Override
	public <U extends @Nullable Object, V extends @Nullable Object> CompletionStage<V> thenCombine(
			CompletionStage<? extends U> other, BiFunction<? super T, ? super U, ? extends V> function) {
		return new MinimalContextStage<>(this.future.thenCombine(other, function));
	}

	@Override
	public <U extends @Nullable Object, V extends @Nullable Object> CompletionStage<V> thenCombineAsync(
			CompletionStage<? extends U> other, BiFunction<? super T, ? super U, ? extends V> function) {
		return new MinimalContextStage<>(this.future.thenCombineAsync(other, function));
	}

	@Override
	public <U extends @Nullable Object, V extends @Nullable Object> CompletionStage<V> thenCombineAsync(
			CompletionStage<? extends U> other, BiFunction<? super T, ? super U, ? extends V> function,
			Executor executor) {
		return new MinimalContextStage<>(this.future.thenCombineAsync(other, function, executor));
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<Void> thenAcceptBoth(CompletionStage<? extends U> other,
			BiConsumer<? super T, ? super U> consumer) {
		return new MinimalContextStage<>(this.future.thenAcceptBoth(other, consumer));
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<Void> thenAcceptBothAsync(CompletionStage<? extends U> other,
			BiConsumer<? super T, ? super U> consumer) {
		return new MinimalContextStage<>(this.future.thenAcceptBothAsync(other, consumer));
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<Void> thenAcceptBothAsync(CompletionStage<? extends U> other,
			BiConsumer<? super T, ? super U> consumer, Executor executor) {
		return new MinimalContextStage<>(this.future.thenAcceptBothAsync(other, consumer, executor));
	}

	@Override
	public CompletionStage<Void> runAfterBoth(CompletionStage<?> other, Runnable task) {
		return new MinimalContextStage<>(this.future.runAfterBoth(other, task));
	}

	@Override
	public CompletionStage<Void> runAfterBothAsync(CompletionStage<?> other, Runnable task) {
		return new MinimalContextStage<>(this.future.runAfterBothAsync(other, task));
	}

	@Override
	public CompletionStage<Void> runAfterBothAsync(CompletionStage<?> other, Runnable task, Executor executor) {
		return new MinimalContextStage<>(this.future.runAfterBothAsync(other, task, executor));
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<U> applyToEither(CompletionStage<? extends T> other,
			Function<? super T, U> function) {
		return new MinimalContextStage<>(this.future.applyToEither(other, function));
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<U> applyToEitherAsync(CompletionStage<? extends T> other,
			Function<? super T, U> function) {
		return new MinimalContextStage<>(this.future.applyToEitherAsync(other, function));
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<U> applyToEitherAsync(CompletionStage<? extends T> other,
			Function<? super T, U> function, Executor executor) {
		return new MinimalContextStage<>(this.future.applyToEitherAsync(other, function, executor));
	}

	@Override
	public CompletionStage<Void> acceptEither(CompletionStage<? extends T> other, Consumer<? super T> consumer) {
		return new MinimalContextStage<>(this.future.acceptEither(other, consumer));
	}

	@Override
	public CompletionStage<Void> acceptEitherAsync(CompletionStage<? extends T> other, Consumer<? super T> consumer) {
		return new MinimalContextStage<>(this.future.acceptEitherAsync(other, consumer));
	}

	@Override
	public CompletionStage<Void> acceptEitherAsync(CompletionStage<? extends T> other, Consumer<? super T> consumer,
			Executor executor) {
		return new MinimalContextStage<>(this.future.acceptEitherAsync(other, consumer, executor));
	}

	@Override
	public CompletionStage<Void> runAfterEither(CompletionStage<?> other, Runnable task) {
		return new MinimalContextStage<>(this.future.runAfterEither(other, task));
	}

	@Override
	public CompletionStage<Void> runAfterEitherAsync(CompletionStage<?> other, Runnable task) {
		return new MinimalContextStage<>(this.future.runAfterEitherAsync(other, task));
	}

	@Override
	public CompletionStage<Void> runAfterEitherAsync(CompletionStage<?> other, Runnable task, Executor executor) {
		return new MinimalContextStage<>(this.future.runAfterEitherAsync(other, task, executor));
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<U> thenCompose(
			Function<? super T, ? extends CompletionStage<U>> function) {
		return new MinimalContextStage<>(this.future.thenCompose(function));
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<U> thenComposeAsync(
			Function<? super T, ? extends CompletionStage<U>> function) {
		return new MinimalContextStage<>(this.future.thenComposeAsync(function));
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<U> thenComposeAsync(
			Function<? super T, ? extends CompletionStage<U>> function, Executor executor) {
		return new MinimalContextStage<>(this.future.thenComposeAsync(function, executor));
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<U> handle(
			BiFunction<? super T, Throwable, ? extends U> function) {
		return new MinimalContextStage<>(this.future.handle(function));
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<U> handleAsync(
			BiFunction<? super T, Throwable, ? extends U> function) {
		return new MinimalContextStage<>(this.future.handleAsync(function));
	}

	@Override
	public <U extends @Nullable Object> CompletionStage<U> handleAsync(
			BiFunction<? super T, Throwable, ? extends U> function, Executor executor) {
		return new MinimalContextStage<>(this.future.handleAsync(function, executor));
	}

	@Override
	public CompletionStage<T> whenComplete(BiConsumer<? super T, ? super Throwable> consumer) {
		return new MinimalContextStage<>(this.future.whenComplete(consumer));
	}

	@Override
	public CompletionStage<T> whenCompleteAsync(BiConsumer<? super T, ? super Throwable> consumer) {
		return new MinimalContextStage<>(this.future.whenCompleteAsync(consumer));
	}

	@Override
	public CompletionStage<T> whenCompleteAsync(BiConsumer<? super T, ? super Throwable> consumer, Executor executor) {
		return new MinimalContextStage<>(this.future.whenCompleteAsync(consumer, executor));
	}

	@Override
	public CompletionStage<T> exceptionally(Function<Throwable, ? extends T> function) {
		return new MinimalContextStage<>(this.future.exceptionally(function));
	}

	@Override
	public CompletionStage<T> exceptionallyAsync(Function<Throwable, ? extends T> function) {
		return new MinimalContextStage<>(this.future.exceptionallyAsync(function));
	}

	@Override
	public CompletionStage<T> exceptionallyAsync(Function<Throwable, ? extends T> function, Executor executor) {
		return new MinimalContextStage<>(this.future.exceptionallyAsync(function, executor));
	}

	@Override
	public CompletionStage<T> exceptionallyCompose(Function<Throwable, ? extends CompletionStage<T>> function) {
		return new MinimalContextStage<>(this.future.exceptionallyCompose(function));
	}

	@Override
	public CompletionStage<T> exceptionallyComposeAsync(Function<Throwable, ? extends CompletionStage<T>> function) {
		return new MinimalContextStage<>(this.future.exceptionallyComposeAsync(function));
	}

	@Override
	public CompletionStage<T> exceptionallyComposeAsync(Function<Throwable, ? extends CompletionStage<T>> function,
			Executor executor) {
		return new MinimalContextStage<>(this.future.exceptionallyComposeAsync(function, executor));
	}

	@Override
	public String toString() {
		return this.future.toString();
	}

}

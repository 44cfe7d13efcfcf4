package io.github.contextvars;

import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * Copy of a context on its way to another thread, with what the handler of
 * {@link Context#onHandOver} sends along. Each run of what is wrapped has a copy of the
 * values.
 */
final class HandOver {

	private static volatile @Nullable Supplier<? extends Supplier<? extends Context.Scope>> handler;

	private final Context values;

	private final @Nullable Supplier<? extends Context.Scope> companion;

	private HandOver(Context values, @Nullable Supplier<? extends Context.Scope> companion) {
		this.values = values;
		this.companion = companion;
	}

	static void onHandOver(@Nullable Supplier<? extends Supplier<? extends Context.Scope>> handler) {
		HandOver.handler = handler;
	}

	static HandOver capture() {
		Supplier<? extends Supplier<? extends Context.Scope>> present = handler;
		return new HandOver(Context.copyOfCurrent(), (present != null) ? present.get() : null);
	}

	Runnable wrap(Runnable task) {
		Supplier<? extends Context.Scope> opening = this.companion;
		return this.values.wrap((opening == null || task == null) ? task : () -> {
			try (Context.Scope scope = opening.get()) {
				task.run();
			}
		});
	}

	<V extends @Nullable Object> Callable<V> wrapCallable(Callable<V> task) {
		Supplier<? extends Context.Scope> opening = this.companion;
		return this.values.wrapCallable((opening == null || task == null) ? task : () -> {
			try (Context.Scope scope = opening.get()) {
				return task.call();
			}
		});
	}

	<V extends @Nullable Object> Supplier<V> wrapSupplier(Supplier<V> supplier) {
		Supplier<? extends Context.Scope> opening = this.companion;
		return this.values.wrapSupplier((opening == null || supplier == null) ? supplier : () -> {
			try (Context.Scope scope = opening.get()) {
				return supplier.get();
			}
		});
	}

	<A extends @Nullable Object, R extends @Nullable Object> Function<A, R> wrapFunction(Function<A, R> function) {
		Supplier<? extends Context.Scope> opening = this.companion;
		return this.values.wrapFunction((opening == null || function == null) ? function : (argument) -> {
			try (Context.Scope scope = opening.get()) {
				return function.apply(argument);
			}
		});
	}

	<A extends @Nullable Object, B extends @Nullable Object, R extends @Nullable Object> BiFunction<A, B, R> wrapBiFunction(
			BiFunction<A, B, R> function) {
		Supplier<? extends Context.Scope> opening = this.companion;
		return this.values.wrapBiFunction((opening == null || function == null) ? function : (first, second) -> {
			try (Context.Scope scope = opening.get()) {
				return function.apply(first, second);
			}
		});
	}

	<A extends @Nullable Object> Consumer<A> wrapConsumer(Consumer<A> consumer) {
		Supplier<? extends Context.Scope> opening = this.companion;
		return this.values.wrapConsumer((opening == null || consumer == null) ? consumer : (argument) -> {
			try (Context.Scope scope = opening.get()) {
				consumer.accept(argument);
			}
		});
	}

	<A extends @Nullable Object, B extends @Nullable Object> BiConsumer<A, B> wrapBiConsumer(
			BiConsumer<A, B> consumer) {
		Supplier<? extends Context.Scope> opening = this.companion;
		return this.values.wrapBiConsumer((opening == null || consumer == null) ? consumer : (first, second) -> {
			try (Context.Scope scope = opening.get()) {
				consumer.accept(first, second);
			}
		});
	}

}

package io.github.contextvars;

import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Holder of the handlers of {@link Context#onSetOutside} and
 * {@link Context#onGetOutside}. Only code for a thread that is in no context looks at
 * them.
 */
final class OutsideHandlers {

	private static volatile @Nullable Consumer<? super ContextVar<?>> setHandler;

	private static volatile @Nullable Consumer<? super ContextVar<?>> getHandler;

	private OutsideHandlers() {
	}

	static void load() {
	}

	static void onSet(@Nullable Consumer<? super ContextVar<?>> handler) {
		setHandler = handler;
	}

	static void onGet(@Nullable Consumer<? super ContextVar<?>> handler) {
		getHandler = handler;
	}

	static void beforeSet(ContextVar<?> var) {
		call(setHandler, var);
	}

	static void beforeGet(ContextVar<?> var) {
		call(getHandler, var);
	}

	private static void call(@Nullable Consumer<? super ContextVar<?>> handler, ContextVar<?> var) {
		if (handler != null) {
			// In a new context: a handler that reads or sets variables must not be called
			// for that again.
			new Context().run(() -> handler.accept(var));
		}
	}

}

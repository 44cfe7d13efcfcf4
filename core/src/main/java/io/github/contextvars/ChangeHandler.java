package io.github.contextvars;

import java.util.function.BiConsumer;

import org.jspecify.annotations.Nullable;

/**
 * Holder of the handler of {@link Context#onChange}. A {@code set} without a handler
 * reads the field and calls no method here, as there may be no stack left for a call.
 */
final class ChangeHandler {

	static volatile @Nullable BiConsumer<? super ContextVar<?>, ? super Context> handler;

	private ChangeHandler() {
	}

	static void load() {
	}

	static void call(ContextVar<?> var, Context context) {
		BiConsumer<? super ContextVar<?>, ? super Context> present = handler;
		if (present != null) {
			present.accept(var, context);
		}
	}

}

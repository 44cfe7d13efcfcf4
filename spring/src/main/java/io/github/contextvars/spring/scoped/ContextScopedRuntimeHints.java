package io.github.contextvars.spring.scoped;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

import io.github.contextvars.spring.annotation.ContextScoped;

/**
 * {@link RuntimeHintsRegistrar} for the optional libraries that {@link AsyncReturnValues}
 * looks for, and for annotations that override attributes of {@link ContextScoped}.
 */
final class ContextScopedRuntimeHints implements RuntimeHintsRegistrar {

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		AsyncReturnValues.OPTIONAL.forEach((name) -> hints.reflection().registerTypeIfPresent(classLoader, name));
		hints.proxies().registerJdkProxy(ContextScoped.class);
	}

}

package io.github.contextvars.spring.messaging;

import java.util.List;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/**
 * {@link RuntimeHintsRegistrar} for the annotations of message listeners.
 */
final class MessageListenerRuntimeHints implements RuntimeHintsRegistrar {

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		MessageListenerPointcut.ANNOTATIONS.stream()
			.flatMap(List::stream)
			.forEach((name) -> hints.reflection().registerTypeIfPresent(classLoader, name));
	}

}

package io.github.contextvars.spring.threadlocal;

import io.micrometer.context.ThreadLocalAccessor;
import io.micrometer.observation.Observation;
import io.micrometer.observation.transport.ReceiverContext;
import org.jspecify.annotations.Nullable;
import org.springframework.util.ClassUtils;

/**
 * What a framework has set on a thread for the very unit of work that begins, before the
 * library is called, and what is therefore kept.
 */
final class FrameworkState {

	private static final boolean REQUEST = KnownThreadLocal.REQUEST.isPresent();

	private static final boolean OBSERVATION = ClassUtils
		.isPresent("io.micrometer.observation.transport.ReceiverContext", FrameworkState.class.getClassLoader());

	private FrameworkState() {
	}

	// Return whether a listener of the container has set the attributes and the locale
	// of the request that begins.
	static boolean isRequestPrepared() {
		return REQUEST && RequestAccessor.isSetByListener();
	}

	// Return whether an accessor is one of those for what that listener sets.
	static boolean isOfRequest(ThreadLocalAccessor<?> accessor) {
		return accessor instanceof RequestAccessor || accessor instanceof LocaleAccessor;
	}

	// Return whether a value is the observation that a container of messages has begun
	// for the message that it passes on.
	static boolean isOfMessage(@Nullable Object value) {
		return OBSERVATION && Observations.isOfMessage(value);
	}

	static boolean isObservation(ThreadLocalAccessor<?> accessor) {
		return KnownThreadLocal.OBSERVATION.key().equals(accessor.key());
	}

	// Loaded where Micrometer Observation is present.
	private static final class Observations {

		private static boolean isOfMessage(@Nullable Object value) {
			return value instanceof Observation observation
					&& observation.getContextView() instanceof ReceiverContext<?>;
		}

	}

}

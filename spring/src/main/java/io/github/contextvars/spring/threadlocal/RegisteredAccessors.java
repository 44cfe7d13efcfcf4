package io.github.contextvars.spring.threadlocal;

import java.util.HashMap;
import java.util.Map;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import org.jspecify.annotations.Nullable;

/**
 * Accessors that the library has registered with Micrometer's {@link ContextRegistry}, so
 * that Reactor's operators and Micrometer's snapshots use the same ones. Applications in
 * one JVM share the registry: an accessor is there until the last of them has ended, and
 * then makes room for the one that it has replaced.
 */
final class RegisteredAccessors {

	private static final Map<KnownThreadLocal, Registration> REGISTRATIONS = new HashMap<>();

	private RegisteredAccessors() {
	}

	static synchronized Object register(KnownThreadLocal known) {
		Registration registration = REGISTRATIONS.computeIfAbsent(known, RegisteredAccessors::replace);
		registration.users++;
		return registration.accessor.key();
	}

	@SuppressWarnings("ReferenceEquality") // an application may have replaced it
											// meanwhile
	static synchronized void deregister(KnownThreadLocal known) {
		Registration registration = REGISTRATIONS.get(known);
		if (registration == null || --registration.users > 0) {
			return;
		}
		REGISTRATIONS.remove(known);
		Object key = registration.accessor.key();
		ThreadLocalAccessor<?> replaced = registration.replaced;
		if (find(key) == registration.accessor && replaced != registration.accessor) {
			ContextRegistry registry = ContextRegistry.getInstance();
			if (replaced != null) {
				registry.registerThreadLocalAccessor(replaced);
			}
			else {
				registry.removeThreadLocalAccessor(key);
			}
		}
	}

	private static Registration replace(KnownThreadLocal known) {
		ThreadLocalAccessor<?> accessor = known.createAccessor();
		ThreadLocalAccessor<?> replaced = find(accessor.key());
		if (replaced != accessor) {
			ContextRegistry.getInstance().registerThreadLocalAccessor(accessor);
		}
		return new Registration(accessor, replaced);
	}

	static @Nullable ThreadLocalAccessor<?> find(Object key) {
		for (ThreadLocalAccessor<?> accessor : ContextRegistry.getInstance().getThreadLocalAccessors()) {
			if (accessor.key().equals(key)) {
				return accessor;
			}
		}
		return null;
	}

	private static final class Registration {

		private final ThreadLocalAccessor<?> accessor;

		private final @Nullable ThreadLocalAccessor<?> replaced;

		private int users;

		private Registration(ThreadLocalAccessor<?> accessor, @Nullable ThreadLocalAccessor<?> replaced) {
			this.accessor = accessor;
			this.replaced = replaced;
		}

	}

}

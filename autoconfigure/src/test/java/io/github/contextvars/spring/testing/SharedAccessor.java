package io.github.contextvars.spring.testing;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;

import io.github.contextvars.spring.threadlocal.ContextThreadLocalAccessor;

/**
 * The library's accessor in Micrometer's registry, which is the JVM's. A test of a seeded
 * fault runs in a class loader of its own: while its applications run, the accessor is of
 * that loader, and afterwards the one that was there before.
 */
public final class SharedAccessor {

	private static int users;

	private static ThreadLocalAccessor<?> replaced;

	private SharedAccessor() {
	}

	public static synchronized void acquire() {
		if (users++ == 0) {
			replaced = ContextRegistry.getInstance()
				.getThreadLocalAccessors()
				.stream()
				.filter((accessor) -> accessor.key().equals(ContextThreadLocalAccessor.KEY))
				// A test of another fault may have left its own.
				.filter((accessor) -> accessor.getClass().getClassLoader() == ClassLoader.getSystemClassLoader())
				.findFirst()
				.orElse(null);
			ContextRegistry.getInstance().registerThreadLocalAccessor(new ContextThreadLocalAccessor());
		}
	}

	public static synchronized void release() {
		if (--users == 0 && replaced != null) {
			ContextRegistry.getInstance().registerThreadLocalAccessor(replaced);
		}
	}

}

package io.github.contextvars;

import java.lang.ref.Reference;
import java.lang.reflect.Array;
import java.lang.reflect.Field;

/**
 * A look into what a thread's ThreadLocals hold. Needs
 * {@code --add-opens java.base/java.lang=ALL-UNNAMED}.
 */
final class ThreadLocals {

	private ThreadLocals() {
	}

	/**
	 * Whether a thread has an entry of the library, be it of {@code null}.
	 */
	static boolean holdsStackOf(Thread thread) throws ReflectiveOperationException {
		ThreadLocal<?> ours = (ThreadLocal<?>) field(ThreadStack.class, "STACKS").get(null);
		return holds(thread, ours, "threadLocals") || holds(thread, ours, "inheritableThreadLocals");
	}

	private static boolean holds(Thread thread, ThreadLocal<?> ours, String kind) throws ReflectiveOperationException {
		Object map = field(Thread.class, kind).get(thread);
		if (map == null) {
			return false;
		}
		Object table = field(map.getClass(), "table").get(map);
		for (int i = 0; i < Array.getLength(table); i++) {
			Reference<?> entry = (Reference<?>) Array.get(table, i);
			if (entry != null && entry.get() == ours) {
				return true;
			}
		}
		return false;
	}

	private static Field field(Class<?> type, String name) throws ReflectiveOperationException {
		Field field = type.getDeclaredField(name);
		field.setAccessible(true);
		return field;
	}

}

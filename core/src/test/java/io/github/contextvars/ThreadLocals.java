package io.github.contextvars;

import java.lang.ref.Reference;
import java.lang.reflect.Array;
import java.lang.reflect.Field;

/**
 * Access to the library's entries in a thread's {@link ThreadLocal}s and in the
 * {@link ThreadTable}. Needs {@code --add-opens java.base/java.lang=ALL-UNNAMED}.
 */
final class ThreadLocals {

	private ThreadLocals() {
	}

	/**
	 * Return whether a thread has an entry of the library, even of {@code null}, or the
	 * table has one for it.
	 */
	static boolean holdsStackOf(Thread thread) throws ReflectiveOperationException {
		ThreadLocal<?> ours = (ThreadLocal<?>) field(ThreadTable.class, "STACKS").get(null);
		return hasSlot(thread) || holds(thread, ours, "threadLocals") || holds(thread, ours, "inheritableThreadLocals");
	}

	/**
	 * Return whether the table has a thread's stack.
	 */
	static boolean hasSlot(Thread thread) throws ReflectiveOperationException {
		for (Object entry : (Object[]) field(ThreadTable.class, "SLOTS").get(null)) {
			if (entry instanceof Reference<?> slot && slot.get() instanceof ThreadStack stack
					&& stack.thread == thread) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Clear all of a thread's ThreadLocals, as the JDK's own pools do between tasks.
	 */
	static void erase(Thread thread) throws ReflectiveOperationException {
		field(Thread.class, "threadLocals").set(thread, null);
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

package io.github.contextvars.spring.work;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;

/**
 * The applications that run in this JVM, as lists of what they have installed, the
 * youngest first. For code that the JVM has once and that no application can be injected
 * into: the core's handlers, and what a service loader or a logging system creates.
 * <p>
 * Internal: public for the other packages of the library only. May be used on any thread.
 *
 * @since 0.1.0
 */
public final class RunningApplications {

	private static final Map<Class<?>, List<?>> components = new ConcurrentHashMap<>();

	private static final WorkRegistry NONE = WorkRegistry.nonTracking();

	private RunningApplications() {
	}

	/**
	 * Add a component of an application that starts.
	 * @param <T> the type of the component
	 * @param type what it is listed as
	 * @param component the component
	 */
	public static <T> void add(Class<T> type, T component) {
		components.compute(type, (key, present) -> {
			List<Object> all = new ArrayList<>();
			all.add(component);
			all.addAll((present != null) ? present : List.of());
			return List.copyOf(all);
		});
	}

	/**
	 * Remove a component of an application that ends, once.
	 * @param <T> the type of the component
	 * @param type what it is listed as
	 * @param component the component
	 * @return whether it was listed
	 */
	@SuppressWarnings("ReferenceEquality") // it is this very component that ends
	public static <T> boolean remove(Class<T> type, T component) {
		boolean[] removed = new boolean[1];
		components.computeIfPresent(type, (key, present) -> {
			List<Object> others = new ArrayList<>();
			for (Object one : present) {
				if (one == component && !removed[0]) {
					removed[0] = true;
				}
				else {
					others.add(one);
				}
			}
			return others.isEmpty() ? null : List.copyOf(others);
		});
		return removed[0];
	}

	/**
	 * List the components of all applications that run.
	 * @param <T> the type of the components
	 * @param type what they are listed as
	 * @return an immutable list, the youngest application's first; another one as soon as
	 * an application starts or ends
	 */
	@SuppressWarnings("unchecked") // as they were added
	public static <T> List<T> list(Class<T> type) {
		List<?> present = components.get(type);
		return (present != null) ? (List<T>) present : List.of();
	}

	/**
	 * Return the registry of the unit of work that the calling thread runs.
	 * @return the registry that tracks it, or one that tracks nothing
	 */
	public static WorkRegistry workRegistry() {
		for (WorkRegistry registry : list(WorkRegistry.class)) {
			if (registry.current() != null) {
				return registry;
			}
		}
		return NONE;
	}

	/**
	 * Return the youngest application's component.
	 * @param <T> the type of the component
	 * @param type what it is listed as
	 * @return the component, or {@code null} if no application has one
	 */
	public static <T> @Nullable T youngest(Class<T> type) {
		List<T> all = list(type);
		return all.isEmpty() ? null : all.get(0);
	}

}

package io.github.contextvars.spring.work;

import org.jspecify.annotations.Nullable;

/**
 * {@link ThreadLocal}s of other libraries whose values belong to units of work as their
 * contexts do. {@link WorkRegistry} captures them with each context, and restores them
 * while a unit of work runs.
 * <p>
 * No method throws because of what one of them does. May be used on any thread.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 * @see WorkRegistry#capture
 */
public interface ThreadLocalPropagation {

	/**
	 * Capture the calling thread's values.
	 * @return the values, for {@link #open}
	 */
	Object capture();

	/**
	 * Set the calling thread's values until the scope is closed.
	 * @param captured what was captured, or {@code null} to clear what earlier work has
	 * left on the thread
	 * @param kind the kind of work that begins, or {@code null} if it is no unit of work
	 * @return the scope, to be closed by the same thread
	 */
	Scope open(@Nullable Object captured, UnitOfWork.@Nullable Kind kind);

	/**
	 * Scope that restores a thread's earlier values when it is closed.
	 */
	@FunctionalInterface
	interface Scope {

		/**
		 * Restore the thread's earlier values.
		 */
		void close();

	}

}

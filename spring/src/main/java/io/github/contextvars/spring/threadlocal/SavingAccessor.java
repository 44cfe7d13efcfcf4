package io.github.contextvars.spring.threadlocal;

import io.micrometer.context.ThreadLocalAccessor;
import org.jspecify.annotations.Nullable;

/**
 * {@link ThreadLocalAccessor} that can tell a value that is handed over from one that the
 * same thread gets back. Micrometer asks for both in the same way.
 *
 * @param <V> the type of the captured value
 */
interface SavingAccessor<V> extends ThreadLocalAccessor<V> {

	/**
	 * Return the calling thread's value, for {@link #restore(Object)} only.
	 * @return the value, or {@code null} if there is none
	 */
	@Nullable V save();

}

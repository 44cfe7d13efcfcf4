package io.github.contextvars.spring.work;

import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * Bean that contributes to the report of what propagates: each executor, scheduler and
 * entry point of the application is one entry.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface PropagationSource {

	/**
	 * Compute the entries, from the state at this moment. May be called on any thread.
	 * @return the entries
	 */
	Stream<Entry> entries();

	/**
	 * One executor, scheduler or entry point.
	 *
	 * @param name the name of the bean, or what else identifies it
	 * @param category what it is, such as {@code executor}
	 * @param type the name of its class
	 * @param propagates whether work that it runs gets the right context
	 * @param mechanism by which means; {@code null} if by none
	 * @param reason why it does not propagate; {@code null} if it does
	 * @param remedy what to write so that it does; {@code null} if it does
	 */
	record Entry(String name, String category, String type, boolean propagates, @Nullable String mechanism,
			@Nullable String reason, @Nullable String remedy) {

		/**
		 * Create an entry for what propagates.
		 * @param name the name of the bean, or what else identifies it
		 * @param category what it is
		 * @param type its class
		 * @param mechanism by which means it propagates
		 * @return the entry
		 */
		public static Entry propagating(String name, String category, Class<?> type, String mechanism) {
			return new Entry(name, category, type.getName(), true, mechanism, null, null);
		}

		/**
		 * Create an entry for what does not propagate.
		 * @param name the name of the bean, or what else identifies it
		 * @param category what it is
		 * @param type its class
		 * @param reason why it does not propagate
		 * @param remedy what to write so that it does
		 * @return the entry
		 */
		public static Entry notPropagating(String name, String category, Class<?> type, String reason,
				@Nullable String remedy) {
			return new Entry(name, category, type.getName(), false, null, reason, remedy);
		}

	}

}

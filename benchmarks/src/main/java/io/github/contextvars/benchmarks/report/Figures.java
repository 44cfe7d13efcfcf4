package io.github.contextvars.benchmarks.report;

import java.util.Map;
import java.util.OptionalDouble;

/**
 * Figures of one operation, a row for each peer and a column for each number of
 * variables.
 */
interface Figures {

	int[] counts();

	/**
	 * Return the peers that were measured.
	 * @return their names, by their keys
	 */
	Map<String, String> names();

	OptionalDouble time(String peer, int count);

}

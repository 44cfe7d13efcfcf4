package io.github.contextvars.benchmarks.web;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Measurement of start-up that starts the application without and with the starter, in
 * turns.
 */
public final class StartUp {

	private StartUp() {
	}

	/**
	 * Measure.
	 * @param quick whether to measure briefly, only to see that it works
	 * @return for each pair the milliseconds without the starter, the additional ones
	 * with it, and the ratio
	 * @throws IOException if a server fails
	 */
	public static Map<String, List<Double>> measure(boolean quick) throws IOException {
		Map<String, List<Double>> millis = Map.of("without", new ArrayList<>(), "more", new ArrayList<>(), "ratio",
				new ArrayList<>());
		// The first of each pays for what the machine has not read yet.
		start(false);
		start(true);
		for (int pair = 0; pair < (quick ? 1 : 25); pair++) {
			boolean first = pair % 2 == 0;
			double one = start(first);
			double other = start(!first);
			double with = first ? one : other;
			double without = first ? other : one;
			millis.get("without").add(without);
			millis.get("more").add(with - without);
			millis.get("ratio").add(with / without);
		}
		return millis;
	}

	private static double start(boolean starter) throws IOException {
		try (Server server = Server.start(starter)) {
			return server.uptime();
		}
	}

}

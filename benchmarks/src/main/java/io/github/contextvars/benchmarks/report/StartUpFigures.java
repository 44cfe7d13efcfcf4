package io.github.contextvars.benchmarks.report;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

import tools.jackson.databind.JsonNode;

/**
 * {@link Figures} of start-up, in milliseconds.
 */
final class StartUpFigures implements Figures {

	private final double without;

	private final double more;

	StartUpFigures(JsonNode startUp) {
		this.without = Targets.sample(startUp, "without").median();
		this.more = Targets.sample(startUp, "more").median();
	}

	@Override
	public int[] counts() {
		return new int[1];
	}

	@Override
	public Map<String, String> names() {
		Map<String, String> names = new LinkedHashMap<>();
		names.put("contextVars", "with the starter");
		names.put("without", "without");
		return names;
	}

	@Override
	public OptionalDouble time(String peer, int count) {
		return OptionalDouble.of(this.without + (peer.equals("without") ? 0 : this.more));
	}

}

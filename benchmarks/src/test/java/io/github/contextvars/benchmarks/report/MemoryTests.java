package io.github.contextvars.benchmarks.report;

import java.util.Map;

import javax.management.JMException;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class MemoryTests {

	@Test
	void measureCountsALeafForAllNeighboursAndANarrowOneForEachVariableThatLiesApart() throws JMException {
		Map<String, Map<String, Double>> bytes = Memory.measure();

		assertThat(sum(bytes.get("contextVars"))).isBetween(100.0, 160.0);
		assertThat(sum(bytes.get("contextVars, each the 32nd that was declared"))).isBetween(300.0, 500.0);
	}

	private static double sum(Map<String, Double> bytes) {
		return bytes.values().stream().mapToDouble(Double::doubleValue).sum();
	}

}

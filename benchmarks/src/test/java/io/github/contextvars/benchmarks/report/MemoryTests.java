package io.github.contextvars.benchmarks.report;

import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

import static org.assertj.core.api.Assertions.assertThat;

class MemoryTests {

	@Test
	void measureCountsALeafForAllNeighboursAndANarrowOneForEachVariableThatLiesApart() throws Exception {
		Map<String, Map<String, Double>> bytes = Memory.measure();

		assertThat(sum(bytes.get("contextVars"))).isBetween(100.0, 160.0);
		assertThat(sum(bytes.get("contextVars, each the 32nd that was declared"))).isBetween(300.0, 500.0);
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void measureCountsWhatParkedVirtualThreadsKeep() throws Exception {
		Map<String, Map<String, Double>> bytes = Memory.measure();

		assertThat(bytes.get(Memory.PARKED_IN_OWN_CONTEXT)).containsEntry("io.github.contextvars.Context", 32.0);
		assertThat(bytes.get(Memory.PARKED_IN_THREAD_LOCALS))
			.containsEntry("java.lang.ThreadLocal$ThreadLocalMap$Entry", 320.0);
	}

	private static double sum(Map<String, Double> bytes) {
		return bytes.values().stream().mapToDouble(Double::doubleValue).sum();
	}

}

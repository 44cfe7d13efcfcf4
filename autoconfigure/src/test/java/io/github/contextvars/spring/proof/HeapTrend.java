package io.github.contextvars.spring.proof;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is left on the heap after each collection: flat, or rising.
 */
final class HeapTrend {

	private static final int MIN_SAMPLES = 8;

	// Caches fill up, and code is compiled, for a while.
	private static final double TOLERANCE = 1.1;

	private final List<Long> used = new ArrayList<>();

	void sample() {
		for (int i = 0; i < 3; i++) {
			System.gc();
		}
		add(ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
	}

	void add(long bytes) {
		this.used.add(bytes);
	}

	void assertFlat() {
		if (this.used.size() < MIN_SAMPLES) {
			return;
		}
		int quarter = this.used.size() / 4;
		long first = median(this.used.subList(0, quarter));
		long last = median(this.used.subList(this.used.size() - quarter, this.used.size()));
		assertThat(last).as("bytes left after collection, at first " + first + ": " + this.used)
			.isLessThanOrEqualTo((long) (first * TOLERANCE));
	}

	private static long median(List<Long> values) {
		return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
	}

	@Override
	public String toString() {
		return this.used.toString();
	}

}

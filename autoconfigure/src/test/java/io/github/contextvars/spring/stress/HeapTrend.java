package io.github.contextvars.spring.stress;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is left on the heap after each collection: flat, or rising. The first quarter
 * doesn't count, as caches fill up meanwhile, and connections and pools grow. Of the
 * others the lowest value counts: what is retained is part of each, what is in passing is
 * not.
 */
final class HeapTrend {

	private static final int MIN_SAMPLES = 12;

	private static final long TOLERANCE = 5_000_000;

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
		assertThat(this.used).as("too few collections to see a trend").hasSizeGreaterThanOrEqualTo(MIN_SAMPLES);
		assertThat(lowestOfQuarter(4)).as("bytes left after collection, " + this + ": " + this.used)
			.isLessThanOrEqualTo(lowestOfQuarter(2) + TOLERANCE);
	}

	private long lowestOfQuarter(int quarter) {
		int size = this.used.size();
		List<Long> values = this.used.subList((quarter - 1) * size / 4, quarter * size / 4);
		return Collections.min(values);
	}

	@Override
	public String toString() {
		return "%,d bytes in the second quarter, %,d in the last, of %d samples".formatted(lowestOfQuarter(2),
				lowestOfQuarter(4), this.used.size());
	}

}

package io.github.contextvars.benchmarks.report;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Random;

/**
 * What was measured several times: its median, and how sure that is.
 */
final class Sample {

	private static final int RESAMPLES = 2_000;

	private final double[] sorted;

	private Sample(double[] sorted) {
		this.sorted = sorted;
	}

	static Sample of(Collection<? extends Number> values) {
		double[] sorted = values.stream().mapToDouble(Number::doubleValue).sorted().toArray();
		if (sorted.length == 0) {
			throw new IllegalArgumentException("'values' must not be empty");
		}
		return new Sample(sorted);
	}

	double median() {
		return quantile(this.sorted, 0.5);
	}

	/**
	 * Bootstrap the 95 % interval of the median.
	 * @return its lower and its upper end; the same from one call to the next
	 */
	double[] interval() {
		Random random = new Random(42);
		double[] medians = new double[RESAMPLES];
		for (int i = 0; i < RESAMPLES; i++) {
			double[] resample = random.ints(this.sorted.length, 0, this.sorted.length)
				.mapToDouble((index) -> this.sorted[index])
				.sorted()
				.toArray();
			medians[i] = quantile(resample, 0.5);
		}
		Arrays.sort(medians);
		return new double[] { quantile(medians, 0.025), quantile(medians, 0.975) };
	}

	String describe(String format) {
		double[] interval = interval();
		return String.format(Locale.ROOT, format + " (" + format + " to " + format + ")", median(), interval[0],
				interval[1]);
	}

	private static double quantile(double[] sorted, double part) {
		double at = part * (sorted.length - 1);
		int below = (int) at;
		int above = Math.min(below + 1, sorted.length - 1);
		return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
	}

}

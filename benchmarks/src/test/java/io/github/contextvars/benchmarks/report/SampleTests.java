package io.github.contextvars.benchmarks.report;

import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class SampleTests {

	@Test
	void medianIsTheOneInTheMiddle() {
		assertThat(Sample.of(List.of(9, 1, 5)).median()).isEqualTo(5);
		assertThat(Sample.of(List.of(4, 1, 2, 100)).median()).isEqualTo(3);
	}

	@Test
	void ofNothingThrows() {
		assertThatIllegalArgumentException().isThrownBy(() -> Sample.of(List.of()));
	}

	@Test
	void intervalHoldsMedianAndIsTheSameEachTime() {
		Sample sample = Sample.of(List.of(0.9, 1.1, 1.0, 1.02, 0.97, 1.3, 1.01, 0.99));

		double[] interval = sample.interval();

		assertThat(sample.median()).isBetween(interval[0], interval[1]);
		assertThat(interval[0]).isGreaterThan(0.9);
		assertThat(interval[1]).isLessThan(1.3);
		assertThat(sample.interval()).containsExactly(interval);
	}

}

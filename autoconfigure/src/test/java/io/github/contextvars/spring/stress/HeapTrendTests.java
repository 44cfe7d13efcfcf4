package io.github.contextvars.spring.stress;

import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

class HeapTrendTests {

	@Test
	void assertFlatWhenHeapIsFlatPasses() {
		HeapTrend heap = new HeapTrend();
		IntStream.range(0, 40).forEach((i) -> heap.add(50_000_000 + (i % 7) * 500_000));

		assertThatNoException().isThrownBy(heap::assertFlat);
	}

	@Test
	void assertFlatWhenHeapRisesFails() {
		HeapTrend heap = new HeapTrend();
		IntStream.range(0, 40).forEach((i) -> heap.add(50_000_000 + (i % 7) * 500_000 + i * 500_000));

		assertThatExceptionOfType(AssertionError.class).isThrownBy(heap::assertFlat);
	}

	@Test
	void assertFlatWhenThereAreTooFewSamplesFails() {
		HeapTrend heap = new HeapTrend();
		heap.sample();

		assertThatExceptionOfType(AssertionError.class).isThrownBy(heap::assertFlat);
	}

}

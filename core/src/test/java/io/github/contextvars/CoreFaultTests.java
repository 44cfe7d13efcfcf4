package io.github.contextvars;

import java.util.stream.Stream;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that each {@link CoreFault} is detected: its tests fail in the build with the
 * fault, and pass in the build without.
 */
@Tag("stress")
class CoreFaultTests {

	@ParameterizedTest
	@EnumSource
	void detectorsWhenFaultIsSeededFail(CoreFault fault) {
		SeededFault seeded = fault.seed();

		assertThat(fault.detectors()).allSatisfy((detector) -> assertThat(detector.failures(seeded)).isNotEmpty());
	}

	@ParameterizedTest
	@MethodSource
	void detectorWhenNoFaultIsSeededPasses(CoreFault.Detector detector) {
		assertThat(detector.failures(SeededFault.NONE)).isEmpty();
	}

	static Stream<CoreFault.Detector> detectorWhenNoFaultIsSeededPasses() {
		return Stream.of(CoreFault.values()).flatMap((fault) -> fault.detectors().stream()).distinct();
	}

}

package io.github.contextvars;

import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plants each bug there is a detector for. A detector must show it, and must show nothing
 * where nothing is planted.
 */
class CoreFaultTests {

	@ParameterizedTest
	@EnumSource
	void plantedBugIsShownByItsDetectors(CoreFault bug) {
		SeededFault planted = bug.plant();

		assertThat(bug.detectors())
			.allSatisfy((detector) -> assertThat(detector.complaintsAbout(planted)).isNotEmpty());
	}

	@ParameterizedTest
	@MethodSource
	void detectorShowsNothingWhereNothingIsPlanted(CoreFault.Detector detector) {
		assertThat(detector.complaintsAbout(SeededFault.NONE)).isEmpty();
	}

	static Stream<CoreFault.Detector> detectorShowsNothingWhereNothingIsPlanted() {
		return Stream.of(CoreFault.values()).flatMap((bug) -> bug.detectors().stream()).distinct();
	}

}

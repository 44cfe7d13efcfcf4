package io.github.contextvars;

import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plants each bug there is a detector for. A detector must show it, and must show nothing
 * where nothing is planted.
 */
class CanaryTests {

	@ParameterizedTest
	@EnumSource
	void plantedBugIsShownByItsDetectors(CoreBug bug) {
		PlantedBug planted = bug.plant();

		assertThat(bug.detectors())
			.allSatisfy((detector) -> assertThat(detector.complaintsAbout(planted)).isNotEmpty());
	}

	@ParameterizedTest
	@MethodSource
	void detectorShowsNothingWhereNothingIsPlanted(CoreBug.Detector detector) {
		assertThat(detector.complaintsAbout(PlantedBug.NONE)).isEmpty();
	}

	static Stream<CoreBug.Detector> detectorShowsNothingWhereNothingIsPlanted() {
		return Stream.of(CoreBug.values()).flatMap((bug) -> bug.detectors().stream()).distinct();
	}

}

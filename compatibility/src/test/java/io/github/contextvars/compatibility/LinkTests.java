package io.github.contextvars.compatibility;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The library's class files refer to nothing that this generation lacks, but for what
 * {@code unlinked.txt} names: libraries that are not on the class path, and code that a
 * condition keeps from being loaded.
 */
@Tag("linkage")
class LinkTests {

	private static final Path EXPECTED = Path.of("unlinked.txt");

	@Test
	void allReferencesAreResolved() throws IOException {
		List<String> expected = expected();

		Set<String> errors = Linkage.ofLibrary().errors();

		assertThat(errors).allSatisfy(
				(error) -> assertThat(expected).as(error).anySatisfy((known) -> assertThat(error).contains(known)));
		assertThat(expected).allSatisfy(
				(known) -> assertThat(errors).as(known).anySatisfy((error) -> assertThat(error).contains(known)));
	}

	private static List<String> expected() throws IOException {
		try (Stream<String> lines = Files.lines(EXPECTED)) {
			return lines.filter((line) -> !line.isBlank() && !line.startsWith("#")).toList();
		}
	}

}

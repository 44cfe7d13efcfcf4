package io.github.contextvars;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.testsupport.SeededFault;
import io.github.contextvars.testsupport.TestJvm;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that no operation allocates more, and no context keeps more, than
 * {@code docs/project/performance.md} says. {@link PersistentMapTests} has small tests of
 * what a change copies.
 */
@Tag("stress")
class AllocationTests {

	// Of compiled code, with compressed references. To set one variable after the other
	// copies a leaf each time.
	private static final Map<String, Integer> LIMITS = Map.of("first entry", 96, "get", 0, "copy", 32, "set and reset",
			40, "set in turn", 208, "run", 0, "enter and close", 32, "capture and run", 32, "context of ten neighbours",
			160, "context of ten that share no leaf", 344);

	@TempDir
	private Path directory;

	@Test
	void operationsAllocateNoMoreThanTheirLimits() throws Exception {
		assertThat(aboveLimit(SeededFault.NONE)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "TREE_IS_COPIED_BY_EACH_SET, set and reset", "LEAVES_ARE_FULL, context of ten that share no leaf" })
	void operationWhenFaultIsSeededAllocatesMore(CoreFault fault, String name) throws Exception {
		assertThat(aboveLimit(fault.seed())).contains(name);
	}

	private List<String> aboveLimit(SeededFault fault) throws Exception {
		fault.writeTo(this.directory);
		List<String[]> figures = TestJvm
			.runBehind(this.directory, Allocations.class,
					new String[] { "-Xbatch", "-XX:+UseSerialGC", "-XX:MarkSweepDeadRatio=0" })
			.lines()
			.map((line) -> line.split(": ", -1))
			.toList();
		assertThat(figures).extracting((figure) -> figure[0]).containsExactlyInAnyOrderElementsOf(LIMITS.keySet());
		return figures.stream()
			.filter((figure) -> Integer.parseInt(figure[1]) > LIMITS.get(figure[0]))
			.map((figure) -> figure[0])
			.toList();
	}

}

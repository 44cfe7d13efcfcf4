package io.github.contextvars.spring.work;

import java.nio.file.Path;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import io.github.contextvars.testsupport.TestJvm;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a request and a task allocate, in interpreted code, where each {@code new} counts:
 * compiled code allocates as much or less, as {@code docs/project/performance.md} says.
 * On a 64-bit JVM with compressed references.
 */
@Tag("stress")
class AllocationTests {

	@Test
	void requestsAndTasksAllocateNoMoreThanBefore() throws Exception {
		String output = TestJvm.runBehind(Path.of("target", "test-classes"), AllocationMain.class,
				new String[] { "-Xint" });
		assertThat(output.lines().filter((line) -> line.matches("[a-z ]+: [0-9]+"))).containsExactly("request: 344",
				"tracked request: 408", "task: 224", "tracked task: 320");
	}

}

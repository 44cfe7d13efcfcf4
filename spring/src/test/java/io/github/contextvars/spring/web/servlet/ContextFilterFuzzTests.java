package io.github.contextvars.spring.web.servlet;

import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.mock.web.MockHttpServletRequest;

import io.github.contextvars.testsupport.Corpus;
import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whichever path a client asks for, the origin that the endpoint shows is that path
 * without its parameters.
 */
@Tag("stress")
class ContextFilterFuzzTests {

	@FuzzTest(maxDuration = "30s")
	void origin(byte[] input) {
		String path = new String(input, StandardCharsets.UTF_8);

		String origin = ContextFilter.originOf(new MockHttpServletRequest("GET", path)).get();

		assertThat(origin).isEqualTo("GET " + withoutParameters(path));
	}

	@ParameterizedTest
	@MethodSource
	void bugIsFound(SeededFault bug) {
		assertThat(bug.detectedBy(Replay.class)).singleElement().isInstanceOf(AssertionError.class);
	}

	static Stream<SeededFault> bugIsFound() {
		return Stream.of(SeededFault.in(ContextFilter.class, "path.replaceAll(\";[^/]*\", \"\")", "path"), SeededFault
			.in(ContextFilter.class, "path.replaceAll(\";[^/]*\", \"\")", "path.replaceAll(\"(?s);.*\", \"\")"));
	}

	@Test
	void libraryWithoutBugPasses() {
		assertThat(SeededFault.NONE.detectedBy(Replay.class)).isEmpty();
	}

	private static String withoutParameters(String path) {
		StringBuilder expected = new StringBuilder();
		boolean parameter = false;
		for (char c : path.toCharArray()) {
			parameter = c == ';' || (parameter && c != '/');
			if (!parameter) {
				expected.append(c);
			}
		}
		return expected.toString();
	}

	static class Replay {

		@Test
		void replay() {
			Corpus.replay(ContextFilterFuzzTests.class, "origin", new ContextFilterFuzzTests()::origin);
		}

	}

}

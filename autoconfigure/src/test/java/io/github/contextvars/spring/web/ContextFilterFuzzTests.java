package io.github.contextvars.spring.web;

import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;

import io.github.contextvars.spring.testing.Corpus;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whichever path a client asks for, the origin that the endpoint shows is that path
 * without its parameters.
 */
class ContextFilterFuzzTests {

	@FuzzTest(maxDuration = "30s")
	void origin(byte[] input) {
		requireNoParameters((path) -> ContextFilter.originOf(new MockHttpServletRequest("GET", path)).get(),
				new String(input, StandardCharsets.UTF_8));
	}

	@Test
	void canaryOriginWithParametersIsFound() {
		Corpus.assertFinds(getClass(), "origin",
				(input) -> requireNoParameters((path) -> "GET " + path, new String(input, StandardCharsets.UTF_8)));
	}

	@Test
	void canaryOriginThatIsCutAtTheFirstParameterIsFound() {
		Corpus.assertFinds(getClass(), "origin",
				(input) -> requireNoParameters((path) -> "GET " + path.replaceAll("(?s);.*", ""),
						new String(input, StandardCharsets.UTF_8)));
	}

	private static void requireNoParameters(UnaryOperator<String> origins, String path) {
		String origin = origins.apply(path);

		StringBuilder expected = new StringBuilder("GET ");
		boolean parameter = false;
		for (char c : path.toCharArray()) {
			parameter = c == ';' || (parameter && c != '/');
			if (!parameter) {
				expected.append(c);
			}
		}
		assertThat(origin).hasToString(expected.toString());
	}

}

package io.github.contextvars.demo;

import java.util.List;
import java.util.TreeSet;

import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import io.github.contextvars.testsupport.CurlExample;
import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Sends the requests of the demo's README.md. Responses may differ in ids, times,
 * addresses and the numbers of threads, and may continue where the page has an ellipsis.
 */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT, properties = "spring.application.name=tour")
class TourDocumentationTests {

	private static final JsonMapper JSON = new JsonMapper();

	@LocalServerPort
	private int port;

	@Test
	void outputsAreThoseOfTheDemo() {
		List<CurlExample> examples = CurlExample.of(DocumentationPage.read("demo-app/README.md"));

		assertThat(examples).hasSizeGreaterThan(8).allSatisfy((example) -> {
			// The audit trail and the sheets of mails are written in the background.
			if (example.command().endsWith("/audit") || example.command().endsWith("/sheets")) {
				await().untilAsserted(() -> assertOutput(example));
			}
			else {
				assertOutput(example);
			}
		});
	}

	private void assertOutput(CurlExample example) {
		String output = example.send(this.port);
		String expected = normalized(CurlExample.joined(example.output()));
		if (output.startsWith("[")) {
			assertThat(lines(JSON.readTree(output))).isEqualTo(lines(JSON.readTree(example.output())));
		}
		else {
			String actual = normalized(CurlExample.joined(output));
			int ellipsis = expected.indexOf(",…");
			assertThat((ellipsis < 0) ? actual : actual.substring(0, Math.min(ellipsis, actual.length())))
				.isEqualTo((ellipsis < 0) ? expected : expected.substring(0, ellipsis));
		}
	}

	// Background tasks finish in any order.
	private static TreeSet<String> lines(JsonNode array) {
		TreeSet<String> lines = new TreeSet<>();
		array.forEach((element) -> lines.add(normalized(element.toString())));
		return lines;
	}

	private static String normalized(String output) {
		return output.replaceAll("task-\\d+", "task-N")
			.replaceAll("\"(id|since|thread)\":\"[^\"]*\"", "\"$1\":\"…\"")
			.replace("0:0:0:0:0:0:0:1", "127.0.0.1");
	}

}

package com.acme.support;

import java.util.List;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.logging.LoggingSystemProperty;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import io.github.contextvars.spring.testing.TwoTenants;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The application of docs/how-to/logs.md.
 */
@ExtendWith(OutputCaptureExtension.class)
class SupportTests {

	private static final JsonMapper JSON = new JsonMapper();

	private static final DocumentationPage PAGE = DocumentationPage.read("docs/how-to/logs.md");

	@AfterEach
	void resetFormat() {
		// Boot leaves it there for the applications to come.
		System.clearProperty(LoggingSystemProperty.CONSOLE_STRUCTURED_FORMAT.getEnvironmentVariableName());
	}

	@Test
	void linesOfEcsAreThoseOfThePage(CapturedOutput output) throws Exception {
		List<String> service = List.of("@timestamp", "process", "service");
		ObjectNode shown = (ObjectNode) JSON.readTree(PAGE.blocks("json").get(0).text());

		assertThat(linesOfTwoTenants(output)).map((line) -> line.remove(service)).contains(shown.remove(service));
	}

	@Test
	void linesOfLogstashHaveTheSame(CapturedOutput output) throws Exception {
		linesOfTwoTenants(output, "logging.structured.format.console=logstash");
	}

	private static List<ObjectNode> linesOfTwoTenants(CapturedOutput output, String... properties) throws Exception {
		try (WebApp app = WebApp.start(SupportApplication.class, PAGE.properties(properties))) {
			int requests = TwoTenants
				.atOnce((tenant, number) -> app.get("/open?ticket=" + tenant + "-" + number, "X-Tenant", tenant));

			Awaitility.await().until(() -> lines(output).size() == 2 * requests);
			assertThat(lines(output)).allSatisfy((line) -> assertThat(line.path("ticket").asString())
				.startsWith(line.path("tenant").asString("none") + "-"));
			return lines(output);
		}
	}

	private static List<ObjectNode> lines(CapturedOutput output) {
		return output.getOut()
			.lines()
			.filter((line) -> line.startsWith("{") && line.contains("com.acme.support"))
			.map((line) -> (ObjectNode) JSON.readTree(line))
			.toList();
	}

}

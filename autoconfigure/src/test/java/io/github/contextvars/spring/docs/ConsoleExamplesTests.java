package io.github.contextvars.spring.docs;

import java.util.List;

import com.acme.orders.OrdersApplication;
import com.acme.tutorial.TutorialApplication;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.CurlExample;
import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The {@code curl} commands of README.md and of the tutorial, sent to the applications
 * that these pages show.
 */
class ConsoleExamplesTests {

	private static final JsonMapper JSON = new JsonMapper();

	@Test
	void readme() {
		try (WebApp app = WebApp.start(OrdersApplication.class)) {
			assertOutput(app, CurlExample.of(DocumentationPage.read("README.md")));
			app.assertClean();
		}
	}

	@Test
	void tutorial() {
		try (WebApp app = WebApp.start(TutorialApplication.class,
				"management.endpoints.web.exposure.include=contextvars")) {
			assertOutput(app, CurlExample.of(DocumentationPage.read("docs/tutorial/first-variable.md")));
			assertThat(app.get("/greeting").statusCode()).isEqualTo(400);
			app.assertClean();
		}
	}

	private static void assertOutput(WebApp app, List<CurlExample> examples) {
		assertThat(examples).isNotEmpty().allSatisfy((example) -> {
			if (example.pointer().isEmpty()) {
				assertThat(example.send(app.port())).isEqualTo(CurlExample.joined(example.output()));
			}
			else {
				// The request before may still end when its response is there.
				await().untilAsserted(() -> assertThat(JSON.readTree(example.send(app.port())).at(example.pointer()))
					.isEqualTo(JSON.readTree(example.output())));
			}
		});
	}

}

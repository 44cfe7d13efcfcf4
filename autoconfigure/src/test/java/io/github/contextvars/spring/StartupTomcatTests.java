package io.github.contextvars.spring;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * What an application says when it starts, and when it doesn't.
 */
@ExtendWith(OutputCaptureExtension.class)
class StartupTomcatTests {

	@Test
	void applicationReportsOnceWithSeparateManagementPort(CapturedOutput output) {
		try (WebApp app = WebApp.start(Application.class, "management.server.port=0",
				"management.endpoints.web.exposure.include=contextvars")) {
			assertThat(app.get(app.managementPort(), "/actuator/contextvars").statusCode()).isEqualTo(200);

			assertThat(output.getOut().lines().filter((line) -> line.contains("Context variables: "))).singleElement()
				.asString()
				.contains("INFO")
				.contains("Context variables: tenant; propagated to: ")
				.contains(" requests, @Async methods,")
				.contains("1 executor");
		}
	}

	@Test
	void applicationWithParameterThatCannotBeBoundSaysWhy(CapturedOutput output) {
		assertThatException().isThrownBy(() -> WebApp.start(Broken.class).close());

		assertThat(output).containsSubsequence("APPLICATION FAILED TO START", "Description:",
				"@FromContext parameter 'tenat' of " + BrokenController.class.getName()
						+ "#page names the variable 'tenat', which is not declared",
				"Action:", "Use one of [tenant], or declare it with @ContextVariable in a bean's class.");
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ Application.class, BrokenController.class })
	static class Broken {

	}

	@RestController
	static class BrokenController {

		@GetMapping("/")
		String page(@FromContext String tenat) {
			return tenat;
		}

	}

}

package io.github.contextvars.compatibility;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.test.context.TestPropertySource;
import org.springframework.test.web.servlet.assertj.MockMvcTester;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.test.ContextVarRequestPostProcessors;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A slice for Spring MVC includes the library's filter.
 */
@WebMvcSlice
@TestPropertySource(properties = "contextvars.fill.tenant.header=X-Tenant")
class SliceTests {

	@Autowired
	private MockMvcTester mvc;

	@Test
	void headerFillsVariable() {
		assertThat(this.mvc.get().uri("/greeting").header("X-Tenant", "acme")).hasBodyTextEqualTo("Hello, acme");
	}

	@Test
	void testSetsVariableOfRequest() {
		assertThat(this.mvc.get()
			.uri("/greeting")
			.with(ContextVarRequestPostProcessors.contextVar(Application.TENANT, "globex")))
			.hasBodyTextEqualTo("Hello, globex");
	}

	@SpringBootConfiguration
	@EnableAutoConfiguration
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@Bean
		GreetingController greetingController() {
			return new GreetingController();
		}

	}

	@RestController
	static class GreetingController {

		@GetMapping("/greeting")
		String greet(@FromContext("tenant") String tenant) {
			return "Hello, " + tenant;
		}

	}

}

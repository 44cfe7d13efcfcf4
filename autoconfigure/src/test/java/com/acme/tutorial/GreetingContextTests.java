package com.acme.tutorial;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.web.servlet.assertj.MockMvcTester;

import io.github.contextvars.test.ContextVarRequestPostProcessors;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The test with a variable of the request that docs/how-to/testing.md shows.
 */
@DirtiesContext
@WebMvcTest(GreetingController.class)
class GreetingContextTests {

	@Autowired
	private MockMvcTester mvc;

	// tag::testing-request[]
	@Test
	void greetsTenantWithoutHeader() {
		assertThat(this.mvc.get()
			.uri("/greeting")
			.with(ContextVarRequestPostProcessors.contextVar(TenantInterceptor.TENANT, "acme")))
			.hasBodyTextEqualTo("Hello, acme");
	}
	// end::testing-request[]

}

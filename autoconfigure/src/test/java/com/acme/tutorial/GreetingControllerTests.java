package com.acme.tutorial;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.web.servlet.assertj.MockMvcTester;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The test of a web slice that docs/how-to/testing.md shows.
 */
@DirtiesContext
// tag::testing-slice[]
@WebMvcTest(GreetingController.class)
class GreetingControllerTests {

	@Autowired
	private MockMvcTester mvc;

	@Test
	void greetsTenant() {
		assertThat(this.mvc.get().uri("/greeting").header("X-Tenant", "acme")).hasBodyTextEqualTo("Hello, acme");
	}

	@Test
	void refusesRequestWithoutTenant() {
		assertThat(this.mvc.get().uri("/greeting")).hasStatus(400);
	}

}
// end::testing-slice[]

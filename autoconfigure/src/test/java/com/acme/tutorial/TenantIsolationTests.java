package com.acme.tutorial;

import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.web.client.RestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The test with a real server that docs/how-to/testing.md shows.
 */
@DirtiesContext
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class TenantIsolationTests {

	// tag::testing-isolation[]
	@Test
	void tenantsAreKeptApart(@LocalServerPort int port) {
		RestClient client = RestClient.create("http://localhost:" + port);

		assertThat(IntStream.range(0, 100).parallel().filter((i) -> {
			String greeting = client.get()
				.uri("/greeting/later")
				.header("X-Tenant", "tenant-" + i)
				.retrieve()
				.body(String.class);
			return !greeting.startsWith("Hello, tenant-" + i + ",");
		})).isEmpty();
	}
	// end::testing-isolation[]

}

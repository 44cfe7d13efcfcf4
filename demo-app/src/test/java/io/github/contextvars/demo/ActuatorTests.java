package io.github.contextvars.demo;

import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.resttestclient.autoconfigure.AutoConfigureRestTestClient;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Import;
import org.springframework.test.web.servlet.client.RestTestClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the demo's actuator endpoints.
 */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@AutoConfigureRestTestClient
@Import(ActuatorTests.BlockingController.class)
class ActuatorTests {

	@Autowired
	private RestTestClient client;

	@Autowired
	private BlockingController controller;

	@Test
	void healthIsUpWithEachTenantsDatabase() {
		this.client.get().uri("/actuator/health").exchange().expectStatus().isOk().expectBody().json("""
				{"status": "UP", "components": {"db":
				  {"status": "UP", "components": {"acme": {"status": "UP"}, "globex": {"status": "UP"},
				    "initech": {"status": "UP"}}}}}""");
	}

	@Test
	void contextvarsListsDeclaredVariablesAndCurrentContext() {
		RestTestClient.BodyContentSpec body = this.client.get()
			.uri("/actuator/contextvars")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody();

		body.json("""
				{"variables": [
				  {"name": "tenant", "declaredBy": "io.github.contextvars.demo.TenantInterceptor#TENANT",
				   "type": "java.lang.String", "hasDefault": false, "sensitive": false,
				   "description": "Whose notes this request may touch"},
				  {"name": "user", "hasDefault": true},
				  {"name": "client_addr", "hasDefault": false}
				]}""");
		body.jsonPath("$.contexts[?(@.current == true && @.kind == 'request' && @.parent == null"
				+ " && @.origin == 'GET /actuator/contextvars' && @.variables.client_addr)]")
			.exists();
	}

	@Test
	void contextvarsWhenTaskRunsShowsItWithItsValues() throws Exception {
		CompletableFuture<Void> request = CompletableFuture.runAsync(() -> this.client.get()
			.uri("/notes/blocking")
			.header("X-Tenant", "acme")
			.header("X-User", "ada")
			.exchange()
			.expectStatus()
			.isOk());
		assertThat(this.controller.running.await(10, TimeUnit.SECONDS)).isTrue();

		// The request's thread may not have left its context yet.
		RestTestClient.BodyContentSpec body = this.client.get()
			.uri("/actuator/contextvars/tenant")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody();
		body.jsonPath("$.variables[*].name").isEqualTo("tenant");
		body.jsonPath("$.contexts[?(@.kind == 'task')].variables").isEqualTo(Map.of("tenant", "acme"));
		body.jsonPath("$.contexts[?(@.current == true)]").doesNotExist();

		this.controller.mayReturn.countDown();
		request.get(10, TimeUnit.SECONDS);
	}

	@Test
	void contextvarsWhenVariableIsUnknownIsNotFound() {
		this.client.get().uri("/actuator/contextvars/unknown").exchange().expectStatus().isNotFound();
	}

	@RestController
	static class BlockingController {

		private final CountDownLatch running = new CountDownLatch(1);

		private final CountDownLatch mayReturn = new CountDownLatch(1);

		@GetMapping("/notes/blocking")
		Callable<String> block() {
			return () -> {
				this.running.countDown();
				assertThat(this.mayReturn.await(10, TimeUnit.SECONDS)).isTrue();
				return "done";
			};
		}

	}

}

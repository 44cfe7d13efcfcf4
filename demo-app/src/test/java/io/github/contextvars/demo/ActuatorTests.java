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
 * Tests for what the actuator shows of the demo.
 */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@AutoConfigureRestTestClient
@Import(ActuatorTests.Visitor.class)
class ActuatorTests {

	@Autowired
	private RestTestClient client;

	@Autowired
	private Visitor visitor;

	@Test
	void healthIsUpWithEachTenantsDatabase() {
		this.client.get().uri("/actuator/health").exchange().expectStatus().isOk().expectBody().json("""
				{"status": "UP", "components": {"db":
				  {"status": "UP", "components": {"acme": {"status": "UP"}, "globex": {"status": "UP"},
				    "initech": {"status": "UP"}}}}}""");
	}

	@Test
	void contextvarsListsDeclaredVariablesAndItsOwnContext() {
		RestTestClient.BodyContentSpec body = this.client.get()
			.uri("/actuator/contextvars")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody();

		body.json("""
				{"variables": [
				  {"name": "tenant", "declaredBy": "io.github.contextvars.demo.Caller#TENANT",
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
		CompletableFuture<Void> visit = CompletableFuture.runAsync(() -> this.client.get()
			.uri("/notes/visit")
			.header("X-Tenant", "acme")
			.header("X-User", "ada")
			.exchange()
			.expectStatus()
			.isOk());
		assertThat(this.visitor.arrived.await(10, TimeUnit.SECONDS)).isTrue();

		// The request's own thread may still be on its way out.
		RestTestClient.BodyContentSpec body = this.client.get()
			.uri("/actuator/contextvars/tenant")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody();
		body.jsonPath("$.variables[*].name").isEqualTo("tenant");
		body.jsonPath("$.contexts[?(@.kind == 'task')].variables").isEqualTo(Map.of("tenant", "acme"));
		body.jsonPath("$.contexts[?(@.current == true)]").doesNotExist();

		this.visitor.mayLeave.countDown();
		visit.get(10, TimeUnit.SECONDS);
	}

	@Test
	void contextvarsWhenVariableIsUnknownIsNotFound() {
		this.client.get().uri("/actuator/contextvars/nobody").exchange().expectStatus().isNotFound();
	}

	@RestController
	static class Visitor {

		private final CountDownLatch arrived = new CountDownLatch(1);

		private final CountDownLatch mayLeave = new CountDownLatch(1);

		@GetMapping("/notes/visit")
		Callable<String> visit() {
			return () -> {
				this.arrived.countDown();
				assertThat(this.mayLeave.await(10, TimeUnit.SECONDS)).isTrue();
				return "bye";
			};
		}

	}

}

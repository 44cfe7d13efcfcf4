package io.github.contextvars.spring.web.reactive;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.webflux.test.autoconfigure.WebFluxTest;
import org.springframework.context.annotation.Import;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@code @WebFluxTest} gets a context for each request, and {@link FromContext}.
 */
@DirtiesContext
@WebFluxTest(properties = { "spring.main.web-application-type=reactive", "spring.reactor.context-propagation=auto",
		"contextvars.fill.tenant.header=X-Tenant", "contextvars.remote.receive=tenant",
		"contextvars.remote.receive-from=10.0.0.0/8" })
class WebFluxSliceTests {

	@Autowired
	private WebTestClient client;

	@AfterAll
	static void disable() {
		Hooks.disableAutomaticContextPropagation();
	}

	@Test
	void requestHasContextOfItsOwn() {
		new Context().run(() -> {
			Page.TENANT.set("callers");
			assertThat(get(null)).isEqualTo("none");
			assertThat(get("acme")).isEqualTo("acme");
		});
	}

	private String get(String tenant) {
		return this.client.get().uri("/tenant").headers((headers) -> {
			if (tenant != null) {
				headers.set("X-Tenant", tenant);
			}
		}).exchange().expectStatus().isOk().returnResult(String.class).getResponseBody().blockFirst();
	}

	@SpringBootConfiguration
	@EnableAutoConfiguration
	@Import(Page.class)
	static class Application {

	}

	@RestController
	static class Page {

		@ContextVariable(header = "X-Sent")
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@GetMapping("/tenant")
		Mono<String> tenant(@FromContext(name = "tenant", defaultValue = "none") String tenant) {
			return Mono.just(tenant);
		}

	}

}

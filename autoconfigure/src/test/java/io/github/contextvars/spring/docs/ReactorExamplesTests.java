package io.github.contextvars.spring.docs;

import java.time.Duration;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The examples of docs/how-to/reactor.md.
 */
class ReactorExamplesTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "public");

	@AfterEach
	void disablePropagation() {
		Hooks.disableAutomaticContextPropagation();
	}

	@Test
	void operatorsSeeValues() {
		try (WebApp app = WebApp.start(Shop.class, "spring.reactor.context-propagation=auto")) {
			assertThat(app.get("/greeting", "X-Tenant", "acme").body()).isEqualTo("Hello, acme");
			new Context().run(() -> {
				TENANT.set("acme");
				assertThat(app.bean(Shop.class).tenantOfWorker()).isEqualTo("acme");
				assertThat(app.bean(Importer.class).importAll("globex").block(Duration.ofSeconds(10)))
					.isEqualTo("Imported for globex");
				assertThat(TENANT.get()).isEqualTo("acme");
			});
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ Greetings.class, Importer.class })
	static class Shop {

		String tenantOfWorker() {
			// tag::reactor-subscribe[]
			String tenant = Mono.fromCallable(() -> TENANT.get())
				.subscribeOn(Schedulers.boundedElastic())
				.contextCapture()
				.block(Duration.ofSeconds(10));
			// end::reactor-subscribe[]
			return tenant;
		}

	}

	@RestController
	static class Greetings {

		// tag::reactor-controller[]
		@GetMapping("/greeting")
		Mono<String> greeting(@RequestHeader("X-Tenant") String tenant) {
			TENANT.set(tenant);
			return Mono.just("Hello, ")
				.publishOn(Schedulers.boundedElastic())
				.map((greeting) -> greeting + TENANT.get());
		}
		// end::reactor-controller[]

	}

	static class Importer {

		// tag::reactor-scoped[]
		@ContextScoped
		Mono<String> importAll(String otherTenant) {
			TENANT.set(otherTenant);
			return Mono.just("Imported for ").publishOn(Schedulers.boundedElastic()).map((text) -> text + TENANT.get());
		}
		// end::reactor-scoped[]

	}

}

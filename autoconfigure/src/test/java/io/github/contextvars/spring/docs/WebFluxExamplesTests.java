package io.github.contextvars.spring.docs;

import java.time.Duration;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.threadlocal.ReactorContextVars;
import io.github.contextvars.spring.web.reactive.ServerRequestContextInitializer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The examples of docs/how-to/webflux.md.
 */
class WebFluxExamplesTests {

	@ContextVariable
	private static final ContextVar<String> TENANT = ContextVar.of("tenant");

	@ContextVariable
	private static final ContextVar<String> REGION = ContextVar.of("region");

	@AfterEach
	void disablePropagation() {
		Hooks.disableAutomaticContextPropagation();
	}

	@Test
	void operatorsSeeValues() {
		try (WebApp app = WebApp.start(Shop.class, "spring.main.web-application-type=reactive",
				"spring.reactor.context-propagation=auto")) {
			assertThat(app.get("/greeting").body()).isEqualTo("Hello, localhost in local");
			assertThat(app.get("/reports").body().split("\n|(?<=acme)|(?<=globex)"))
				.containsExactlyInAnyOrder("Report for acme", "Report for globex");
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ WebFluxExamplesTests.class, Greetings.class })
	static class Shop {

		@Bean
		NettyReactiveWebServerFactory server() {
			return new NettyReactiveWebServerFactory();
		}

		@Bean
		TenantRepository tenants() {
			return (host) -> Mono.delay(Duration.ofMillis(1)).map((ignored) -> host);
		}

		// tag::webflux-initializer[]
		@Bean
		ServerRequestContextInitializer region() {
			return (request) -> REGION.set(request.getHeaders().containsHeader("X-Gateway") ? "gateway" : "local");
		}
		// end::webflux-initializer[]

		// tag::webflux-filter[]
		@Bean
		WebFilter tenantFilter(TenantRepository tenants) {
			return (exchange, chain) -> tenants.findByHost(exchange.getRequest().getURI().getHost())
				.switchIfEmpty(Mono.error(() -> new ResponseStatusException(HttpStatus.NOT_FOUND)))
				.flatMap((tenant) -> chain.filter(exchange).contextWrite(ReactorContextVars.with(TENANT, tenant)));
		}
		// end::webflux-filter[]

	}

	@FunctionalInterface
	interface TenantRepository {

		Mono<String> findByHost(String host);

	}

	@RestController
	static class Greetings {

		// tag::webflux-controller[]
		@GetMapping("/greeting")
		Mono<String> greeting(@FromContext String tenant) {
			return Mono.delay(Duration.ofMillis(1)).map((ignored) -> "Hello, " + tenant + " in " + REGION.get());
		}
		// end::webflux-controller[]

		// tag::webflux-inner[]
		Flux<String> reports() {
			return Flux.just("acme", "globex")
				.flatMap((tenant) -> report().contextWrite(ReactorContextVars.with(TENANT, tenant)));
		}

		private Mono<String> report() {
			return Mono.delay(Duration.ofMillis(1)).map((ignored) -> "Report for " + TENANT.get());
		}
		// end::webflux-inner[]

		@GetMapping("/reports")
		Flux<String> allReports() {
			return reports();
		}

	}

}

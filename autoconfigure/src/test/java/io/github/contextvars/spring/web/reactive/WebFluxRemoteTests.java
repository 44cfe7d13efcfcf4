package io.github.contextvars.spring.web.reactive;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Values that Spring WebFlux receives from other processes and sends to them.
 */
class WebFluxRemoteTests {

	@AfterAll
	static void disable() {
		Hooks.disableAutomaticContextPropagation();
	}

	private static WebApp start(String... properties) {
		List<String> all = new ArrayList<>(List.of(properties));
		all.addAll(List.of("spring.main.web-application-type=reactive", "spring.reactor.context-propagation=auto",
				"contextvars.remote.send=tenant", "contextvars.remote.send-to=127.0.0.1",
				"contextvars.remote.receive=tenant"));
		return WebApp.start(Application.class, all.toArray(String[]::new));
	}

	@Test
	void valueThatIsReceivedIsSentOn() {
		try (WebApp app = start("contextvars.remote.receive-from=127.0.0.0/8,::1")) {
			assertThat(app.get("/tenant", "X-Tenant", "acme").body()).isEqualTo("acme");
			assertThat(app.get("/on/127.0.0.1:" + app.port(), "X-Tenant", "acme").body()).isEqualTo("acme, then acme");
			assertThat(app.get("/on/localhost:" + app.port(), "X-Tenant", "acme").body()).isEqualTo("acme, then -");
			assertThat(app.get("/tenant").body()).isEqualTo("-");
			app.assertClean();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "none", "native", "framework" })
	void addressThatAProxyClaimsIsNotTrusted(String strategy) {
		try (WebApp app = start("contextvars.remote.receive-from=10.0.0.0/8",
				"server.forward-headers-strategy=" + strategy)) {
			for (String address : List.of("10.0.0.1", "127.0.0.1")) {
				assertThat(app
					.get("/tenant", "X-Tenant", "victim", "X-Forwarded-For", address, "Forwarded", "for=" + address)
					.body()).isEqualTo("-");
			}
		}
	}

	@Test
	void nettyIsNotReportedAsUnknown() {
		try (WebApp app = start("contextvars.remote.receive-from=10.0.0.0/8")) {
			assertThat(app.beans(PropagationSource.class)
				.flatMap(PropagationSource::entries)
				.filter((entry) -> entry.category().equals("remote") && entry.name().equals("http"))).isEmpty();
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Page.class)
	static class Application {

		@ContextVariable(header = "X-Tenant")
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@Bean
		NettyReactiveWebServerFactory server() {
			return new NettyReactiveWebServerFactory();
		}

	}

	@RestController
	static class Page {

		private final WebClient.Builder clients;

		Page(WebClient.Builder clients) {
			this.clients = clients;
		}

		@GetMapping("/tenant")
		String tenant() {
			return Application.TENANT.get("-");
		}

		@GetMapping("/on/{authority}")
		Mono<String> on(@PathVariable String authority) {
			return Mono.delay(Duration.ofMillis(1))
				.flatMap((ignored) -> this.clients.build()
					.get()
					.uri("http://" + authority + "/tenant")
					.retrieve()
					.bodyToMono(String.class))
				.map((answer) -> Application.TENANT.get("-") + ", then " + answer);
		}

	}

}

package io.github.contextvars.compatibility;

import java.time.Duration;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;

/**
 * Application of Spring WebFlux. Each path returns the tenant as the code behind it sees
 * it.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import({ NettyServer.class, ReactiveApplication.RequestController.class })
class ReactiveApplication {

	static final String NONE = "none";

	@ContextVariable(header = "X-Sent-Tenant")
	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	@ContextVariable
	static final ContextVar<String> USER = ContextVar.of("user");

	@Bean
	SecurityWebFilterChain securityFilterChain(ServerHttpSecurity http) {
		return http.csrf(ServerHttpSecurity.CsrfSpec::disable)
			.authorizeExchange((exchanges) -> exchanges.anyExchange().permitAll())
			.httpBasic(Customizer.withDefaults())
			.build();
	}

	@RestController
	static class RequestController {

		private final WebClient webClient;

		RequestController(WebClient.Builder webClient) {
			this.webClient = webClient.build();
		}

		@GetMapping("/request")
		String request() {
			return TENANT.get(NONE);
		}

		@GetMapping("/delayed")
		Mono<String> delayed() {
			return Mono.delay(Duration.ofMillis(1)).map((tick) -> TENANT.get(NONE));
		}

		@GetMapping("/blocking")
		Mono<String> blocking() {
			return Mono.fromSupplier(() -> TENANT.get(NONE)).subscribeOn(Schedulers.boundedElastic());
		}

		@GetMapping("/from-context")
		Mono<String> fromContext(@FromContext(name = "tenant", defaultValue = NONE) String tenant) {
			return Mono.just(tenant);
		}

		@GetMapping("/user")
		Mono<String> user() {
			return Mono.fromSupplier(() -> USER.get(NONE));
		}

		@GetMapping("/remote")
		Mono<String> remote(ServerWebExchange exchange) {
			String address = "http://localhost:" + exchange.getRequest().getURI().getPort();
			return this.webClient.get().uri(address + "/request").retrieve().bodyToMono(String.class);
		}

	}

}

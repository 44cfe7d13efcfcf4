package io.github.contextvars.spring.docs;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import com.sun.net.httpserver.Headers;
import io.opentelemetry.api.baggage.Baggage;
import io.opentelemetry.api.baggage.propagation.W3CBaggagePropagator;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.TextMapGetter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.RecordingServer;
import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The code of docs/how-to/migrate-from-opentelemetry-baggage.md, before and after, and
 * what both write to the network.
 */
class BaggageMigrationTests {

	private final ExecutorService pool = Executors.newSingleThreadExecutor();

	@AfterEach
	void shutDown() {
		this.pool.shutdownNow();
	}

	@Test
	void beforeTaskHasNoValueAndEveryHostGetsIt() throws Exception {
		Map<String, String> headersForStranger = new HashMap<>();
		MockHttpServletRequest request = new MockHttpServletRequest();
		request.addHeader("X-Tenant", "acme");

		new Before.TenantFilter().doFilter(request, new MockHttpServletResponse(), (req, res) -> {
			assertThat(Before.tenant()).isEqualTo("acme");
			assertThat(CompletableFuture.supplyAsync(Before::tenant, this.pool).join()).isNull();
			headersForStranger.putAll(written());
		});

		assertThat(headersForStranger).containsEntry("baggage", "tenant=acme");
		assertThat(Before.tenant()).isNull();
	}

	@Test
	void afterReadsAndWritesTheSameHeader() {
		try (RecordingServer server = RecordingServer.start();
				WebApp app = WebApp.start(After.class, "contextvars.remote.format=baggage",
						"contextvars.remote.receive=tenant", "contextvars.remote.receive-from=127.0.0.1",
						"contextvars.remote.send=tenant", "contextvars.remote.send-to=127.0.0.1")) {
			String baggage;
			try (Scope scope = Baggage.builder().put("tenant", "acme").build().makeCurrent()) {
				baggage = written().get("baggage");
			}

			assertThat(app.get("/?uri=" + server.uri("127.0.0.1"), "baggage", baggage).body()).isEqualTo("acme");
			assertThat(app.get("/?uri=" + server.uri("localhost"), "baggage", baggage).body()).isEqualTo("acme");

			assertThat(server.recorded()).extracting(BaggageMigrationTests::tenantIn).containsExactly("acme", null);
		}
	}

	// What OpenTelemetry's instrumentation of a client writes into a request.
	private static Map<String, String> written() {
		Map<String, String> headers = new HashMap<>();
		W3CBaggagePropagator.getInstance()
			.inject(io.opentelemetry.context.Context.current(), headers,
					(carrier, name, value) -> carrier.put(name, value));
		return headers;
	}

	// What OpenTelemetry's instrumentation of a server reads from it.
	private static String tenantIn(Headers headers) {
		return Baggage.fromContext(W3CBaggagePropagator.getInstance()
			.extract(io.opentelemetry.context.Context.root(), headers, new TextMapGetter<>() {

				@Override
				public Iterable<String> keys(Headers carrier) {
					return carrier.keySet();
				}

				@Override
				public String get(Headers carrier, String key) {
					return (carrier != null) ? carrier.getFirst(key) : null;
				}

			})).getEntryValue("tenant");
	}

	static class Before {

		// tag::baggage-before-read[]
		static String tenant() {
			return Baggage.current().getEntryValue("tenant");
		}
		// end::baggage-before-read[]

		// tag::baggage-before-filter[]
		static class TenantFilter extends OncePerRequestFilter {

			@Override
			protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
					throws ServletException, IOException {
				Baggage baggage = Baggage.current().toBuilder().put("tenant", request.getHeader("X-Tenant")).build();
				try (Scope scope = baggage.makeCurrent()) {
					chain.doFilter(request, response);
				}
			}

		}
		// end::baggage-before-filter[]

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class After {

		// tag::baggage-after-variable[]
		@ContextVariable(description = "Whose data this request may touch", logged = true, observed = true)
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		// end::baggage-after-variable[]

		@RestController
		static class Relay {

			private final RestClient client;

			Relay(RestClient.Builder builder) {
				this.client = builder.build();
			}

			@GetMapping("/")
			String relay(@RequestParam String uri) {
				this.client.get().uri(uri).retrieve().toBodilessEntity();
				return TENANT.get();
			}

		}

	}

}

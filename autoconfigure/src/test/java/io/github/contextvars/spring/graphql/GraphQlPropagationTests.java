package io.github.contextvars.spring.graphql;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.graphql.data.method.annotation.BatchMapping;
import org.springframework.graphql.data.method.annotation.QueryMapping;
import org.springframework.graphql.server.WebGraphQlInterceptor;
import org.springframework.stereotype.Controller;
import reactor.core.publisher.Mono;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.threadlocal.ContextThreadLocalAccessor;
import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What an interceptor of GraphQL requests sets is seen by data fetchers and batch
 * loaders, and by nothing of another request; {@code @FromContext} binds it.
 */
class GraphQlPropagationTests {

	private static final int REQUESTS = 240;

	private static WebApp app;

	// The registry is the JVM's. With a seeded fault, its accessor is of another class
	// loader.
	private static ThreadLocalAccessor<?> registered;

	@BeforeAll
	static void start() {
		registered = ContextRegistry.getInstance()
			.getThreadLocalAccessors()
			.stream()
			.filter((accessor) -> accessor.key().equals(ContextThreadLocalAccessor.KEY))
			.findFirst()
			.orElseThrow();
		ContextRegistry.getInstance().registerThreadLocalAccessor(new ContextThreadLocalAccessor());
		app = WebApp.start(GraphQlApplication.class, "tests.frameworks=graphql", "server.tomcat.threads.max=4",
				"spring.graphql.schema.locations=classpath:compatibility/");
	}

	@AfterAll
	static void stop() {
		app.close();
		ContextRegistry.getInstance().registerThreadLocalAccessor(registered);
	}

	@AfterEach
	void threadsAreClean() {
		app.assertClean();
	}

	@Test
	void valuesOfInterceptorsAreSeenByTheirOwnRequestOnly() {
		ExecutorService clients = Executors.newFixedThreadPool(8);
		try {
			List<CompletableFuture<Void>> requests = IntStream.range(0, REQUESTS)
				.mapToObj((i) -> CompletableFuture
					.runAsync(() -> assertSees("{ tenant laterTenant orNone notes { owner } }", tenantOf(i)), clients))
				.toList();
			requests.forEach(CompletableFuture::join);
		}
		finally {
			clients.shutdown();
		}
	}

	// One of three has a value.
	private static @Nullable String tenantOf(int i) {
		return (i % 3 != 0) ? null : (i % 2 == 0) ? "acme" : "globex";
	}

	private static void assertSees(String query, @Nullable String tenant) {
		String seen = (tenant != null) ? tenant : "none";
		assertThat(query(query, tenant))
			.isEqualTo(("{\"data\":{\"tenant\":\"%s\",\"laterTenant\":\"%s\",\"orNone\":\"%s\","
					+ "\"notes\":[{\"owner\":\"%s 1\"},{\"owner\":\"%s 2\"}]}}")
				.formatted(seen, seen, seen, seen, seen));
	}

	@Test
	void requiredArgumentIsBoundOrItsFieldFails() {
		for (String tenant : List.of("acme", "globex")) {
			assertThat(query("{ bound }", tenant)).isEqualTo("{\"data\":{\"bound\":\"bound to " + tenant + "\"}}");
		}
		assertThat(query("{ bound }", null)).contains("\"bound\":null", "INTERNAL_ERROR");
	}

	@Test
	void failureInFetcherLeavesNoContext() {
		assertThat(query("{ bound tenant }", null)).contains("\"tenant\":\"none\"");
	}

	@Test
	void handlerIsReported() {
		assertThat(app.bean(GraphQlApplication.class).context.getBeanProvider(PropagationSource.class)
			.stream()
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.category().equals("GraphQL handler"))).singleElement()
			.satisfies((entry) -> assertThat(entry.propagates()).isTrue());
	}

	private static String query(String query, @Nullable String tenant) {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + app.port() + "/graphql"))
			.header("Content-Type", "application/json")
			.POST(HttpRequest.BodyPublishers.ofString("{\"query\":\"" + query + "\"}"));
		if (tenant != null) {
			request.header("X-Tenant", tenant);
		}
		try {
			return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
		}
		catch (IOException | InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class GraphQlApplication {

		@ContextVariable(description = "Whose request it is")
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		private final ApplicationContext context;

		GraphQlApplication(ApplicationContext context) {
			this.context = context;
		}

		// Without an order, as most applications declare it. One tenant is set when the
		// chain is assembled, the other when it is subscribed to.
		@Bean
		WebGraphQlInterceptor tenantInterceptor() {
			return (request, chain) -> {
				String tenant = request.getHeaders().getFirst("X-Tenant");
				if ("acme".equals(tenant)) {
					TENANT.set(tenant);
				}
				return Mono.defer(() -> {
					if ("globex".equals(tenant)) {
						TENANT.set(tenant);
					}
					return chain.next(request);
				});
			};
		}

		@Bean
		Notes notes(@Qualifier("applicationTaskExecutor") AsyncTaskExecutor pool) {
			return new Notes(pool);
		}

	}

	record Note(int number) {

	}

	@Controller
	record Notes(AsyncTaskExecutor pool) {

		@QueryMapping
		String tenant() {
			String tenant = GraphQlApplication.TENANT.get("none");
			GraphQlApplication.TENANT.set("left behind");
			return tenant;
		}

		@QueryMapping
		CompletableFuture<String> laterTenant() {
			return CompletableFuture.supplyAsync(() -> GraphQlApplication.TENANT.get("none"), this.pool);
		}

		@QueryMapping
		String bound(@FromContext("tenant") StringBuilder tenant) {
			return "bound to " + tenant;
		}

		@QueryMapping
		String orNone(@FromContext Optional<String> tenant) {
			return tenant.orElse("none");
		}

		@QueryMapping
		List<Note> notes() {
			return List.of(new Note(1), new Note(2));
		}

		@BatchMapping(typeName = "Note")
		List<String> owner(List<Note> notes) {
			return notes.stream().map((note) -> GraphQlApplication.TENANT.get("none") + " " + note.number()).toList();
		}

	}

}

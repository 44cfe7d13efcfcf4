package io.github.contextvars.spring.graphql;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.graphql.data.method.annotation.BatchMapping;
import org.springframework.graphql.data.method.annotation.QueryMapping;
import org.springframework.graphql.data.method.annotation.SubscriptionMapping;
import org.springframework.graphql.server.WebGraphQlInterceptor;
import org.springframework.stereotype.Controller;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.reactive.socket.server.WebSocketService;
import org.springframework.web.reactive.socket.server.support.HandshakeWebSocketService;
import org.springframework.web.reactive.socket.server.upgrade.ReactorNettyRequestUpgradeStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Data fetchers, batch loaders and subscriptions of Spring for GraphQL over Spring
 * WebFlux see the values of their request, and what interceptors have set on another
 * thread.
 */
class GraphQlWebFluxPropagationTests {

	private static final int REQUESTS = 240;

	private static final HttpClient CLIENT = HttpClient.newHttpClient();

	private static WebApp app;

	@BeforeAll
	static void start() {
		app = WebApp.start(Application.class, "spring.main.web-application-type=reactive", "tests.frameworks=graphql",
				"spring.reactor.context-propagation=auto", "contextvars.fill.tenant.header=X-Tenant",
				"spring.graphql.websocket.path=/graphql", "spring.graphql.schema.locations=classpath:compatibility/");
	}

	@AfterAll
	static void close() {
		app.assertClean();
		app.close();
		Hooks.disableAutomaticContextPropagation();
	}

	@Test
	void fetchersAndBatchLoadersSeeTheirRequestsValues() {
		assertThat(answers("application/json", "{ tenant laterTenant orNone notes { owner } }")).hasSize(REQUESTS)
			.containsOnly("{\"data\":{\"tenant\":\"of X\",\"laterTenant\":\"of X\",\"orNone\":\"X\","
					+ "\"notes\":[{\"owner\":\"of X\"},{\"owner\":\"of X\"}]}}");
	}

	@Test
	void subscriptionsSeeTheirRequestsValues() {
		assertThat(answers("text/event-stream", "subscription { written { owner } }")).hasSize(REQUESTS)
			.allSatisfy(
					(events) -> assertThat(events.lines().filter((line) -> line.startsWith("data:{\"data\"")).toList())
						.hasSize(2)
						.containsOnly("data:{\"data\":{\"written\":{\"owner\":\"of X\"}}}"));
	}

	private static List<String> answers(String type, String query) {
		return Flux.fromIterable(MixedWork.units(REQUESTS))
			.flatMap((unit) -> Mono.fromCallable(() -> answer(unit, type, query))
				.subscribeOn(Schedulers.boundedElastic()), 8)
			.collectList()
			.block();
	}

	private static String answer(MixedWork.Unit unit, String type, String query)
			throws IOException, InterruptedException {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + app.port() + "/graphql"))
			.header("Content-Type", "application/json")
			.header("Accept", type)
			.POST(HttpRequest.BodyPublishers.ofString("{\"query\":\"" + query + "\"}"));
		if (unit.tenant() != null) {
			request.header("X-Tenant", unit.tenant());
		}
		return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString())
			.body()
			.replace("\"" + unit.expected() + "\"", "\"X\"")
			.replace("of " + unit.expected(), "of X");
	}

	@Test
	void operationsOfAWebSocketSeeTheHandshakesValuesAndWhatTheirInterceptorHasSet() throws Exception {
		BlockingQueue<String> received = new LinkedBlockingQueue<>();
		WebSocket socket = CLIENT.newWebSocketBuilder()
			.subprotocols("graphql-transport-ws")
			.header("X-Tenant", "acme")
			.buildAsync(URI.create("ws://localhost:" + app.port() + "/graphql"), new WebSocket.Listener() {

				@Override
				public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
					received.add(text.toString());
					socket.request(1);
					return null;
				}

			})
			.get(30, TimeUnit.SECONDS);
		socket.sendText("{\"type\":\"connection_init\"}", true).join();
		assertThat(received.poll(30, TimeUnit.SECONDS)).contains("connection_ack");
		for (String tenant : List.of("acme", "globex", "acme")) {
			socket.sendText(
					"{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":{\"query\":\"subscription { written { owner } }\","
							+ (tenant.equals("acme") ? "" : "\"extensions\":{\"tenant\":\"" + tenant + "\"},")
							+ "\"variables\":{}}}",
					true)
				.join();
			assertThat(received.poll(30, TimeUnit.SECONDS)).contains("of " + tenant);
			assertThat(received.poll(30, TimeUnit.SECONDS)).contains("of " + tenant);
			assertThat(received.poll(30, TimeUnit.SECONDS)).contains("complete");
		}
		socket.abort();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Notes.class)
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

		@ContextVariable
		static final ContextVar<String> OWNER = ContextVar.of("owner");

		@Bean
		NettyReactiveWebServerFactory server() {
			return new NettyReactiveWebServerFactory();
		}

		// Others are on the class path, too.
		@Bean
		WebFluxConfigurer netty() {
			return new WebFluxConfigurer() {

				@Override
				public WebSocketService getWebSocketService() {
					return new HandshakeWebSocketService(new ReactorNettyRequestUpgradeStrategy());
				}

			};
		}

		@Bean
		WebGraphQlInterceptor interceptor() {
			return (request, chain) -> Mono.delay(Duration.ofMillis(1)).flatMap((ignored) -> {
				if (request.getExtensions().get("tenant") instanceof String tenant) {
					TENANT.set(tenant);
				}
				OWNER.set("of " + TENANT.get());
				return chain.next(request);
			});
		}

	}

	record Note(int number) {

	}

	@Controller
	static class Notes {

		@QueryMapping
		String tenant() {
			return Application.OWNER.get();
		}

		@QueryMapping
		Mono<String> laterTenant() {
			return later(Application.OWNER);
		}

		@QueryMapping
		String orNone(@FromContext Optional<String> tenant) {
			return tenant.orElse("-");
		}

		@QueryMapping
		Flux<Note> notes() {
			return Flux.just(new Note(1), new Note(2));
		}

		@SubscriptionMapping
		Flux<Note> written() {
			String owner = Application.OWNER.get();
			return Flux.just(new Note(1), new Note(2))
				.concatMap((note) -> later(Application.OWNER).filter(owner::equals).map((same) -> note));
		}

		@BatchMapping(typeName = "Note")
		Mono<Map<Note, String>> owner(List<Note> notes) {
			return later(Application.OWNER)
				.map((owner) -> notes.stream().collect(Collectors.toMap((note) -> note, (note) -> owner)));
		}

		private static Mono<String> later(ContextVar<String> variable) {
			return Mono.delay(Duration.ofMillis(1)).map((ignored) -> variable.get());
		}

	}

}

package io.github.contextvars.spring.graphql;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import graphql.GraphQLError;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.graphql.data.method.HandlerMethodArgumentResolverComposite;
import org.springframework.graphql.data.method.annotation.BatchMapping;
import org.springframework.graphql.data.method.annotation.GraphQlExceptionHandler;
import org.springframework.graphql.data.method.annotation.MutationMapping;
import org.springframework.graphql.data.method.annotation.QueryMapping;
import org.springframework.graphql.data.method.annotation.SchemaMapping;
import org.springframework.graphql.data.method.annotation.SubscriptionMapping;
import org.springframework.graphql.data.method.annotation.support.AnnotatedControllerConfigurer;
import org.springframework.graphql.server.WebGraphQlHandler;
import org.springframework.graphql.server.WebGraphQlInterceptor;
import org.springframework.graphql.server.webmvc.GraphQlWebSocketHandler;
import org.springframework.http.converter.HttpMessageConverter;
import org.springframework.http.converter.json.JacksonJsonHttpMessageConverter;
import org.springframework.stereotype.Controller;
import org.springframework.web.socket.server.standard.StandardWebSocketUpgradeStrategy;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;
import org.springframework.web.socket.server.support.WebSocketHandlerMapping;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What an interceptor of GraphQL requests sets is seen by data fetchers and batch
 * loaders, and by nothing of another request; {@code @FromContext} binds it.
 */
class GraphQlPropagationTests {

	private static final int REQUESTS = 240;

	private static final Pattern NEXT = Pattern
		.compile("\\{\"id\":\"(\\d+)\",\"payload\":\\{\"data\":(.*)},\"type\":\"next\"}");

	private static WebApp app;

	@BeforeAll
	static void start() {
		app = WebApp.start(GraphQlApplication.class, "tests.frameworks=graphql,websocket",
				"server.tomcat.threads.max=4", "spring.graphql.schema.locations=classpath:compatibility/");
	}

	@AfterAll
	static void stop() {
		app.close();
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
	void requestThatAnotherOneContinuesKeepsItsOwnValues() {
		CompletableFuture<String> waiting = CompletableFuture
			.supplyAsync(() -> query("{ tenant }", "acme", "X-Turn", "waits"));
		assertThat(query("{ tenant }", "globex", "X-Turn", "continues other"))
			.isEqualTo("{\"data\":{\"tenant\":\"globex\"}}");
		assertThat(waiting.join()).isEqualTo("{\"data\":{\"tenant\":\"acme\"}}");
	}

	@Test
	void copyOfTheRequestsContextIsRecognized() {
		assertThat(query("{ tenant }", "acme", "X-Turn", "continues in copy"))
			.isEqualTo("{\"data\":{\"tenant\":\"acme in copy\"}}");
	}

	@Test
	void argumentIsNotTakenFromWhatTheClientSends() {
		assertThat(query("{ language notes { reader } }", null, "Accept-Language", "fr"))
			.isEqualTo("{\"data\":{\"language\":\"de\",\"notes\":[{\"reader\":\"de 1\"},{\"reader\":\"de 2\"}]}}");
	}

	@Test
	void mutationsAndHandlersOfExceptionsAreBound() {
		for (String tenant : List.of("acme", "globex")) {
			assertThat(query("mutation { rename }", tenant))
				.isEqualTo("{\"data\":{\"rename\":\"renamed by " + tenant + "\"}}");
			assertThat(query("{ failing }", tenant)).contains("\"message\":\"refused to " + tenant + "\"");
			assertThat(query("{ failingLater }", tenant)).contains("\"message\":\"refused to " + tenant + "\"");
		}
	}

	@Test
	void operationsOfOneWebSocketSeeTheirOwnValues() throws Exception {
		try (Client client = new Client()) {
			client.send("{\"type\":\"connection_init\"}");
			assertThat(client.next()).contains("connection_ack");
			for (int i = 0; i < REQUESTS; i++) {
				String tenant = tenantOf(i);
				String query = (i % 4 < 2) ? "subscription { written { owner } }" : "{ orNone }";
				client.send("{\"id\":\"%d\",\"type\":\"subscribe\",\"payload\":{\"query\":\"%s\",\"extensions\":{%s}}}"
					.formatted(i, query, (tenant != null) ? "\"tenant\":\"" + tenant + "\"" : ""));
			}
			List<String> expected = IntStream.range(0, REQUESTS).boxed().flatMap((i) -> {
				String seen = (tenantOf(i) != null) ? tenantOf(i) : "none";
				return (i % 4 < 2)
						? Stream.of(i + " {\"written\":{\"owner\":\"" + seen + " 1\"}}",
								i + " {\"written\":{\"owner\":\"" + seen + " 2\"}}")
						: Stream.of(i + " {\"orNone\":\"" + seen + "\"}");
			}).toList();
			List<String> received = new ArrayList<>();
			for (int completed = 0; completed < REQUESTS;) {
				String message = client.next();
				assertThat(message).as("received %s", received).isNotNull();
				Matcher next = NEXT.matcher(message);
				if (next.matches()) {
					received.add(next.group(1) + " " + next.group(2));
				}
				else {
					assertThat(message).contains("\"type\":\"complete\"");
					completed++;
				}
			}
			assertThat(received).containsExactlyInAnyOrderElementsOf(expected);
		}
	}

	@Test
	void handlerIsReported() {
		assertThat(app.bean(GraphQlApplication.class).context.getBeanProvider(PropagationSource.class)
			.stream()
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.category().equals("GraphQL handler"))).singleElement()
			.satisfies((entry) -> assertThat(entry.propagates()).isTrue());
	}

	@Test
	void resolversCanBeReadInANativeImage() throws NoSuchFieldException {
		RuntimeHints hints = new RuntimeHints();
		new ContextGraphQlConfiguration.Hints().registerHints(hints, getClass().getClassLoader());
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(AnnotatedControllerConfigurer.class.getSuperclass().getDeclaredField("argumentResolvers")))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(HandlerMethodArgumentResolverComposite.class, "argumentResolvers")).accepts(hints);
	}

	private static String query(String query, @Nullable String tenant, String... headers) {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + app.port() + "/graphql"))
			.header("Content-Type", "application/json")
			.POST(HttpRequest.BodyPublishers.ofString("{\"query\":\"" + query + "\"}"));
		if (tenant != null) {
			request.header("X-Tenant", tenant);
		}
		if (headers.length > 0) {
			request.headers(headers);
		}
		try {
			return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
		}
		catch (IOException | InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static final class Client implements WebSocket.Listener, AutoCloseable {

		private final StringBuilder message = new StringBuilder();

		private final BlockingQueue<String> received = new LinkedBlockingQueue<>();

		private final WebSocket socket = HttpClient.newHttpClient()
			.newWebSocketBuilder()
			.subprotocols("graphql-transport-ws")
			.buildAsync(URI.create("ws://localhost:" + app.port() + "/graphql"), this)
			.join();

		@Override
		public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
			this.message.append(text);
			if (last) {
				this.received.add(this.message.toString());
				this.message.setLength(0);
			}
			socket.request(1);
			return null;
		}

		void send(String message) {
			this.socket.sendText(message, true).join();
		}

		@Nullable String next() throws InterruptedException {
			return this.received.poll(30, TimeUnit.SECONDS);
		}

		@Override
		public void close() {
			this.socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class GraphQlApplication {

		@ContextVariable(description = "Whose request it is")
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable(description = "The language of texts")
		static final ContextVar<Locale> LANGUAGE = ContextVar.of("language", Locale.GERMAN);

		private final BlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>();

		private final ApplicationContext context;

		GraphQlApplication(ApplicationContext context) {
			this.context = context;
		}

		// Without an order, as most applications declare it. One tenant is set when the
		// chain is assembled, the other when it is subscribed to.
		@Bean
		WebGraphQlInterceptor tenantInterceptor() {
			return (request, chain) -> {
				String tenant = (request.getExtensions().get("tenant") instanceof String extension) ? extension
						: request.getHeaders().getFirst("X-Tenant");
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

		// Another request's thread continues one that waits, as that of a shared future
		// does.
		@Bean
		WebGraphQlInterceptor turnInterceptor() {
			return (request, chain) -> switch (String.valueOf(request.getHeaders().getFirst("X-Turn"))) {
				case "waits" -> Mono.<Void>create((sink) -> this.waiting.add(sink::success))
					.then(Mono.defer(() -> chain.next(request)));
				case "continues other" -> Mono.defer(() -> {
					take(this.waiting).run();
					return chain.next(request);
				});
				case "continues in copy" -> Mono.defer(() -> {
					Context copy = Context.copyOfCurrent();
					return Mono.create((sink) -> copy.run(() -> {
						TENANT.set(TENANT.get() + " in copy");
						chain.next(request).contextWrite(sink.contextView()).subscribe(sink::success, sink::error);
					}));
				});
				default -> chain.next(request);
			};
		}

		private static Runnable take(BlockingQueue<Runnable> queue) {
			try {
				return queue.take();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

		// As Boot declares it, but on Tomcat also where Jetty is on the class path.
		@Bean
		WebSocketHandlerMapping graphQlSocketMapping(WebGraphQlHandler handler) {
			HttpMessageConverter<Object> converter = new JacksonJsonHttpMessageConverter();
			WebSocketHandlerMapping mapping = new WebSocketHandlerMapping();
			mapping.setWebSocketUpgradeMatch(true);
			mapping.setUrlMap(Map.of("/graphql", new GraphQlWebSocketHandler(handler, converter, Duration.ofMinutes(1))
				.initWebSocketHttpRequestHandler(new DefaultHandshakeHandler(new StandardWebSocketUpgradeStrategy()))));
			mapping.setOrder(-2);
			return mapping;
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

		@QueryMapping
		Locale language(@FromContext Locale language) {
			return language;
		}

		@QueryMapping
		String failing() {
			throw new UnsupportedOperationException();
		}

		@QueryMapping
		CompletableFuture<String> failingLater() {
			return CompletableFuture.supplyAsync(this::failing, this.pool);
		}

		@GraphQlExceptionHandler
		GraphQLError handle(UnsupportedOperationException ex, @FromContext String tenant) {
			return GraphQLError.newError().message("refused to " + tenant).build();
		}

		@MutationMapping
		String rename(@FromContext String tenant) {
			return "renamed by " + tenant;
		}

		@SubscriptionMapping
		Flux<Note> written(@FromContext Optional<String> tenant) {
			assertThat(GraphQlApplication.TENANT.get("none")).isEqualTo(tenant.orElse("none"));
			return Flux.just(new Note(1), new Note(2));
		}

		@SchemaMapping
		String reader(@FromContext Locale language, Note note) {
			return language + " " + note.number();
		}

		@BatchMapping(typeName = "Note")
		List<String> owner(List<Note> notes) {
			return notes.stream().map((note) -> GraphQlApplication.TENANT.get("none") + " " + note.number()).toList();
		}

	}

}

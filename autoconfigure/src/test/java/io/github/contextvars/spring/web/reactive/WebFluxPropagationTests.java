package io.github.contextvars.spring.web.reactive;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.error.ErrorAttributeOptions;
import org.springframework.boot.webflux.error.DefaultErrorAttributes;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.InitBinder;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.DispatcherHandler;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.reactive.socket.server.WebSocketService;
import org.springframework.web.reactive.socket.server.support.HandshakeWebSocketService;
import org.springframework.web.reactive.socket.server.upgrade.ReactorNettyRequestUpgradeStrategy;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.ServerWebInputException;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.threadlocal.ReactorContextVars;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Values of requests in Spring WebFlux, on a real Netty.
 */
class WebFluxPropagationTests {

	private static final String REACTIVE = "spring.main.web-application-type=reactive";

	private static WebApp app;

	@BeforeAll
	static void start() {
		app = WebApp.start(Application.class, REACTIVE, "spring.reactor.context-propagation=auto",
				"contextvars.fill.tenant.header=X-Tenant", "management.endpoints.web.exposure.include=contextvars",
				"management.endpoint.contextvars.show-values=always");
	}

	@AfterAll
	static void close() {
		app.assertClean();
		app.close();
		Hooks.disableAutomaticContextPropagation();
	}

	@ParameterizedTest
	@ValueSource(strings = { "plain", "mono", "defer", "delay", "elastic", "publish", "flux", "nested", "timeout",
			"retry", "resumed", "failing", "failing-later", "function", "filter", "async", "future" })
	void operatorSeesTheRequestsValue(String path) {
		assertThat(app.get("/" + path, "X-Tenant", "acme").body()).isEqualTo("acme");
		assertThat(app.get("/" + path, "X-Tenant", "globex").body()).isEqualTo("globex");
		assertThat(app.get("/" + path).body()).isEqualTo("none");
	}

	@Test
	void clientSeesTheRequestsValue() {
		assertThat(app.get("/client/" + app.port(), "X-Tenant", "acme").body()).isEqualTo("acme acme acme");
	}

	@Test
	void eachEventSeesTheRequestsValue() {
		assertThat(app.get("/events", "X-Tenant", "acme").body().lines().filter((line) -> !line.isEmpty())).hasSize(5)
			.containsOnly("data:acme");
	}

	@Test
	void logLineOfAnOperatorShowsTheRequestsValue() {
		ListAppender<ILoggingEvent> appender = new ListAppender<>();
		appender.start();
		ch.qos.logback.classic.Logger logger = ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger("webflux");
		logger.addAppender(appender);
		try {
			app.get("/logged", "X-Tenant", "acme");
			app.get("/logged", "X-Tenant", "globex");
		}
		finally {
			logger.detachAppender(appender);
		}
		assertThat(appender.list).extracting((event) -> event.getMDCPropertyMap().get("tenant"))
			.containsExactly("acme", "globex");
	}

	@Test
	void errorAttributesSeeTheRequestsValue() {
		assertThat(app.get("/missing", "X-Tenant", "acme", "Accept", "application/json").body())
			.contains("\"tenant\":\"acme\"");
	}

	@Test
	void innerPublishersHaveTheirOwnValues() {
		assertThat(app.get("/inner", "X-Tenant", "acme").body()).isEqualTo("0 wrong, acme");
	}

	// Reactor's automatic mode alone gives all subscribers the values of the first one.
	@ParameterizedTest
	@ValueSource(strings = { "cached", "cached-for", "shared", "replayed", "filtered" })
	void subscribersOfASharedPublisherSeeTheirOwnValues(String path) throws Exception {
		Pages pages = app.bean(Pages.class);
		HttpClient client = HttpClient.newHttpClient();
		Map<String, CompletableFuture<HttpResponse<String>>> responses = new LinkedHashMap<>();
		for (String tenant : List.of("acme", "globex", "initech")) {
			responses.put(tenant,
					client.sendAsync(HttpRequest.newBuilder(URI.create("http://localhost:" + app.port() + "/" + path))
						.header("X-Tenant", tenant)
						.build(), HttpResponse.BodyHandlers.ofString()));
		}
		Awaitility.await().until(() -> pages.waiting.get() == 3);
		pages.waiting.set(0);
		pages.complete();
		for (String tenant : responses.keySet()) {
			assertThat(responses.get(tenant).get(20, TimeUnit.SECONDS).body()).isEqualTo(tenant + " " + tenant);
		}
	}

	@Test
	void reportOfAWebFluxApplicationHasNoComplaint() {
		assertThat(app.beans(PropagationSource.class).flatMap(PropagationSource::entries))
			.allSatisfy((entry) -> assertThat(entry.propagates()).as(entry.toString()).isTrue());
	}

	@Test
	void valueThatIsWrittenIsThatOfWhatIsSubscribedOnly() {
		assertThat(app.get("/written", "X-Tenant", "acme").body()).isEqualTo("inner globex de, outer acme none");
	}

	@Test
	void valueIsBoundToParameters() {
		assertThat(app.get("/bound", "X-Tenant", "42").body()).isEqualTo("42 42 Optional[42]");
		assertThat(app.get("/bound/default").body()).isEqualTo("fallback Optional.empty null");
		assertThat(app.get("/bound/binder/1", "X-Tenant", "acme").body()).isEqualTo("acme");
		assertThat(app.get("/bound/failing", "X-Tenant", "acme").body()).isEqualTo("handled for acme");
	}

	@Test
	void valueThatCannotBeBoundIsBadRequestAndNotShown() {
		assertThat(app.get("/bound").statusCode()).isEqualTo(400);
		HttpResponse<String> response = app.get("/bound", "X-Tenant", "secret");
		assertThat(response.statusCode()).isEqualTo(400);
		assertThat(Pages.FAILURES.toString())
			.contains("Context variable 'tenant' has no value in this request",
					"Context variable 'tenant' has a value that cannot be converted to int")
			.doesNotContain("secret");
	}

	@Test
	void endpointListsARequestWhileItWaits() throws Exception {
		HttpClient client = HttpClient.newHttpClient();
		CompletableFuture<HttpResponse<String>> waiting = client
			.sendAsync(HttpRequest.newBuilder(URI.create("http://localhost:" + app.port() + "/wait;jsessionid=1?q=1"))
				.header("X-Tenant", "acme")
				.build(), HttpResponse.BodyHandlers.ofString());
		Awaitility.await()
			.untilAsserted(() -> assertThat(requests("GET /wait")).singleElement()
				.satisfies((unit) -> assertThat(unit.context().getOrDefault(Application.TENANT, "none"))
					.isEqualTo("acme")));
		assertThat(app.get("/actuator/contextvars").body()).contains("\"origin\":\"GET /wait\"");
		Pages.release();
		assertThat(waiting.get(20, TimeUnit.SECONDS).body()).isEqualTo("acme");
		Awaitility.await().untilAsserted(() -> assertThat(requests("GET /wait")).isEmpty());
	}

	@Test
	void requestWhoseClientHasGoneEnds() {
		CompletableFuture<HttpResponse<String>> waiting = HttpClient.newHttpClient()
			.sendAsync(HttpRequest.newBuilder(URI.create("http://localhost:" + app.port() + "/never")).build(),
					HttpResponse.BodyHandlers.ofString());
		Awaitility.await().untilAsserted(() -> assertThat(requests("GET /never")).hasSize(1));
		waiting.cancel(true);
		Awaitility.await().untilAsserted(() -> assertThat(requests("GET /never")).isEmpty());
	}

	private static List<UnitOfWork> requests(String origin) {
		return app.bean(WorkRegistry.class)
			.list()
			.stream()
			.filter((unit) -> unit.kind() == UnitOfWork.Kind.REQUEST && unit.origin().equals(origin))
			.toList();
	}

	@Test
	void eachFrameOfASessionSeesTheHandshakesValue() throws Exception {
		BlockingQueue<String> frames = new LinkedBlockingQueue<>();
		WebSocket socket = HttpClient.newHttpClient()
			.newWebSocketBuilder()
			.header("X-Tenant", "acme")
			.buildAsync(URI.create("ws://localhost:" + app.port() + "/socket"), new WebSocket.Listener() {

				@Override
				public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
					frames.add(data.toString());
					return WebSocket.Listener.super.onText(webSocket, data, last);
				}

			})
			.get(20, TimeUnit.SECONDS);
		socket.sendText("one", true).get(20, TimeUnit.SECONDS);
		assertThat(frames.poll(20, TimeUnit.SECONDS)).isEqualTo("one acme");
		socket.sendText("two", true).get(20, TimeUnit.SECONDS);
		assertThat(frames.poll(20, TimeUnit.SECONDS)).isEqualTo("two acme");
		socket.abort();
	}

	@Test
	void observationOfARequestHasItsValue() {
		assertThat(app.get("/plain", "X-Tenant", "observed").body()).isEqualTo("observed");
		Awaitility.await()
			.untilAsserted(
					() -> assertThat(app.bean(Recorder.class).tenants).contains(KeyValue.of("tenant", "observed")));
	}

	@Test
	void reportNamesTheMechanism() {
		assertThat(entries(app)).singleElement().satisfies((entry) -> {
			assertThat(entry.propagates()).isTrue();
			assertThat(entry.mechanism()).isEqualTo("HTTP handler decorator");
		});
		assertThat(app.beans(PropagationSource.class).flatMap(PropagationSource::entries))
			.noneMatch((entry) -> entry.type().equals(DispatcherHandler.class.getName()));
	}

	@Test
	void reportSaysWhatToSetWithoutAutomaticPropagation() {
		Hooks.disableAutomaticContextPropagation();
		try {
			assertThat(entries(app)).singleElement().satisfies((entry) -> {
				assertThat(entry.propagates()).isFalse();
				assertThat(entry.remedy()).isEqualTo("Set spring.reactor.context-propagation=auto.");
			});
			// Nothing pretends, and nothing stays on the server's threads.
			assertThat(app.get("/plain", "X-Tenant", "acme").body()).isEqualTo("none");
			assertThat(app.get("/set").statusCode()).isEqualTo(500);
		}
		finally {
			Hooks.enableAutomaticContextPropagation();
		}
	}

	private static List<PropagationSource.Entry> entries(WebApp app) {
		return app.beans(PropagationSource.class)
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.category().equals("request"))
			.toList();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import({ Pages.class, Tasks.class, Tenants.class })
	static class Application {

		@ContextVariable(logged = true, observed = true)
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable
		static final ContextVar<String> REGION = ContextVar.of("region");

		static String tenant() {
			return TENANT.get("none");
		}

		@Bean
		NettyReactiveWebServerFactory server() {
			return new NettyReactiveWebServerFactory();
		}

		@Bean
		Recorder recorder() {
			return new Recorder();
		}

		@Bean
		WebFilter waitingFilter(ObjectProvider<Pages> pages) {
			return (exchange, chain) -> exchange.getRequest().getPath().value().equals("/filtered")
					? pages.getObject().awaitShared("filtered").flatMap((ignored) -> chain.filter(exchange)).then()
					: chain.filter(exchange);
		}

		@Bean
		WebFilter filter() {
			return (exchange, chain) -> exchange.getRequest().getPath().value().equals("/filter")
					? chain.filter(exchange).contextWrite(ReactorContextVars.with(REGION, "of " + tenant()))
					: chain.filter(exchange);
		}

		@Bean
		RouterFunction<ServerResponse> function() {
			return RouterFunctions.route(RequestPredicates.GET("/function"), Application::function);
		}

		private static Mono<ServerResponse> function(ServerRequest request) {
			return Mono.delay(Duration.ofMillis(1)).flatMap((ignored) -> ServerResponse.ok().bodyValue(tenant()));
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
		HandlerMapping sockets() {
			WebSocketHandler handler = (session) -> session.send(session.receive()
				.map((message) -> session.textMessage(message.getPayloadAsText() + " " + tenant())));
			return new SimpleUrlHandlerMapping(Map.of("/socket", handler), -1);
		}

	}

	static class Recorder implements ObservationHandler<Observation.Context> {

		final List<KeyValue> tenants = new CopyOnWriteArrayList<>();

		@Override
		public void onStop(Observation.Context context) {
			KeyValue tenant = context.getHighCardinalityKeyValue("tenant");
			if (tenant != null && "http.server.requests".equals(context.getName())) {
				this.tenants.add(tenant);
			}
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return true;
		}

	}

	static class Tenants extends DefaultErrorAttributes {

		@Override
		public Map<String, Object> getErrorAttributes(ServerRequest request, ErrorAttributeOptions options) {
			Map<String, Object> attributes = super.getErrorAttributes(request, options);
			attributes.put("tenant", Application.tenant());
			return attributes;
		}

	}

	static class Tasks {

		@Async
		CompletableFuture<String> tenant() {
			return CompletableFuture.completedFuture(Application.tenant());
		}

	}

	@RestController
	static class Pages {

		private static final Logger logger = LoggerFactory.getLogger("webflux");

		static final List<Throwable> FAILURES = new CopyOnWriteArrayList<>();

		final AtomicInteger waiting = new AtomicInteger();

		private volatile Sinks.One<String> source = Sinks.one();

		private final Mono<String> once = Mono.defer(() -> this.source.asMono())
			.publishOn(Schedulers.parallel())
			.map((text) -> text);

		private volatile Map<String, Flux<String>> shared = share();

		private static volatile CompletableFuture<Void> gate = new CompletableFuture<>();

		private final Tasks tasks;

		Pages(Tasks tasks) {
			this.tasks = tasks;
		}

		static void release() {
			gate.complete(null);
		}

		@GetMapping("/plain")
		String plain() {
			return Application.tenant();
		}

		@GetMapping("/mono")
		Mono<String> mono() {
			return Mono.just("").map((ignored) -> Application.tenant());
		}

		@GetMapping("/defer")
		Mono<String> defer() {
			return Mono.defer(() -> Mono.just(Application.tenant()));
		}

		@GetMapping("/delay")
		Mono<String> delay() {
			return Mono.delay(Duration.ofMillis(1)).map((ignored) -> Application.tenant());
		}

		@GetMapping("/elastic")
		Mono<String> elastic() {
			return Mono.fromCallable(Application::tenant).subscribeOn(Schedulers.boundedElastic());
		}

		@GetMapping("/publish")
		Mono<String> publish() {
			return Mono.just("").publishOn(Schedulers.parallel()).map((ignored) -> Application.tenant());
		}

		@GetMapping("/flux")
		Flux<String> flux() {
			return Flux.range(0, 8)
				.delayElements(Duration.ofMillis(1))
				.map((ignored) -> Application.tenant())
				.distinct();
		}

		@GetMapping("/nested")
		Mono<String> nested() {
			return Flux.range(0, 8)
				.flatMap((ignored) -> Mono.fromCallable(Application::tenant).subscribeOn(Schedulers.parallel()))
				.distinct()
				.single();
		}

		@GetMapping("/timeout")
		Mono<String> timeout() {
			return Mono.<String>never()
				.timeout(Duration.ofMillis(1))
				.onErrorResume((failure) -> Mono.fromCallable(Application::tenant));
		}

		@GetMapping("/retry")
		Mono<String> retry() {
			int[] calls = new int[1];
			return Mono.delay(Duration.ofMillis(1)).map((ignored) -> {
				if (calls[0]++ < 3) {
					throw new IllegalStateException("again");
				}
				return Application.tenant();
			}).retry(5);
		}

		@GetMapping("/resumed")
		Mono<String> resumed() {
			return Mono.delay(Duration.ofMillis(1)).<String>map((ignored) -> {
				throw new IllegalStateException();
			}).onErrorReturn("").map((ignored) -> Application.tenant());
		}

		@GetMapping("/failing")
		Mono<String> failing() {
			throw new UnsupportedOperationException();
		}

		@GetMapping("/failing-later")
		Mono<String> failingLater() {
			return Mono.delay(Duration.ofMillis(1)).map((ignored) -> {
				throw new UnsupportedOperationException();
			});
		}

		@ExceptionHandler
		Mono<String> failed(UnsupportedOperationException failure) {
			return Mono.delay(Duration.ofMillis(1)).map((ignored) -> Application.tenant());
		}

		@GetMapping("/filter")
		Mono<String> filter() {
			return Mono.delay(Duration.ofMillis(1))
				.map((ignored) -> Application.REGION.get().equals("of " + Application.tenant()) ? Application.tenant()
						: "wrong");
		}

		@GetMapping("/async")
		Mono<String> async() {
			return Mono.delay(Duration.ofMillis(1)).flatMap((ignored) -> Mono.fromFuture(this.tasks.tenant()));
		}

		@GetMapping("/future")
		CompletableFuture<String> future() {
			return this.tasks.tenant();
		}

		@GetMapping("/logged")
		Mono<String> logged() {
			return Mono.delay(Duration.ofMillis(1)).map((ignored) -> {
				logger.info("logged");
				return "";
			});
		}

		@GetMapping("/events")
		Flux<ServerSentEvent<String>> events() {
			return Flux.range(0, 5)
				.delayElements(Duration.ofMillis(1))
				.map((ignored) -> ServerSentEvent.builder(Application.tenant()).build());
		}

		@GetMapping("/client/{port}")
		Mono<String> client(@PathVariable int port) {
			WebClient client = WebClient.builder()
				.filter((request, next) -> Mono.delay(Duration.ofMillis(1))
					.flatMap((ignored) -> next.exchange(request))
					.doOnNext((response) -> response.request().getHeaders()))
				.baseUrl("http://localhost:" + port)
				.defaultRequest((request) -> request.header("X-Tenant", Application.tenant()))
				.build();
			String before = Application.tenant();
			return client.get()
				.uri("/delay")
				.retrieve()
				.bodyToMono(String.class)
				.map((answer) -> before + " " + answer + " " + Application.tenant());
		}

		@GetMapping("/inner")
		Mono<String> inner() {
			return Flux.range(0, 64)
				.flatMap((number) -> Mono.delay(Duration.ofMillis(1))
					.publishOn(Schedulers.boundedElastic())
					.map((ignored) -> Application.REGION.get().equals("region " + number)
							&& Application.tenant().equals("acme"))
					.contextWrite(ReactorContextVars.with(Application.REGION, "region " + number)), 16)
				.filter((right) -> !right)
				.count()
				.map((wrong) -> wrong + " wrong, " + Application.tenant());
		}

		@GetMapping("/written")
		Mono<String> written() {
			Mono<String> inner = Mono.delay(Duration.ofMillis(1))
				.map((ignored) -> "inner " + Application.tenant() + " " + Application.REGION.get("none"))
				.contextWrite(ReactorContextVars.with(Application.TENANT, "globex"))
				.contextWrite(ReactorContextVars.with(Application.REGION, "de"));
			return inner.map((text) -> text + ", outer " + Application.tenant() + " " + Application.REGION.get("none"));
		}

		private Map<String, Flux<String>> share() {
			return Map.of("cached", this.once.cache().flux(), "cached-for",
					this.once.cache(Duration.ofMinutes(1)).flux(), "shared", this.once.flux().share(), "replayed",
					this.once.flux().replay(1).refCount(1), "filtered", this.once.cache().flux());
		}

		// The next requests have publishers of their own.
		void complete() {
			Sinks.One<String> completed = this.source;
			this.source = Sinks.one();
			completed.tryEmitValue("");
			this.shared = share();
		}

		Flux<String> awaitShared(String name) {
			return this.shared.get(name).doOnSubscribe((subscription) -> this.waiting.incrementAndGet());
		}

		@GetMapping({ "/cached", "/cached-for", "/shared", "/replayed" })
		Flux<String> shared(ServerWebExchange exchange) {
			return awaitShared(exchange.getRequest().getPath().value().substring(1))
				.map((ignored) -> Application.tenant())
				.concatMap((tenant) -> Mono.fromCallable(() -> tenant + " " + Application.tenant()));
		}

		@GetMapping("/filtered")
		String filtered(@FromContext String tenant) {
			return tenant + " " + Application.tenant();
		}

		@GetMapping("/wait")
		Mono<String> waiting() {
			return Mono.fromFuture(gate).then(Mono.fromCallable(Application::tenant));
		}

		@GetMapping("/never")
		Mono<String> never() {
			return Mono.never();
		}

		@GetMapping("/set")
		String set() {
			Application.TENANT.set("set");
			return "set";
		}

		@GetMapping("/bound")
		Mono<String> bound(@FromContext("tenant") int number, @FromContext String tenant,
				@FromContext("tenant") Optional<Integer> optional) {
			return Mono.just(number + " " + tenant + " " + optional);
		}

		@ExceptionHandler
		Mono<Void> remember(ServerWebInputException failure) {
			FAILURES.add(failure);
			return Mono.error(failure);
		}

		@GetMapping("/bound/default")
		String bound(@FromContext(name = "tenant", defaultValue = "fallback") String tenant,
				@FromContext("region") Optional<String> region,
				@FromContext(name = "region", required = false) String zone) {
			return tenant + " " + region + " " + zone;
		}

		@InitBinder("number")
		void initialize(@FromContext(name = "tenant", defaultValue = "none") String tenant,
				ServerWebExchange exchange) {
			exchange.getAttributes().put("bound", tenant);
		}

		@GetMapping("/bound/binder/{number}")
		String binder(@PathVariable int number, ServerWebExchange exchange) {
			return String.valueOf((Object) exchange.getAttribute("bound"));
		}

		@GetMapping("/bound/failing")
		String failingWithValue() {
			throw new IllegalArgumentException();
		}

		@ExceptionHandler
		String handled(IllegalArgumentException failure, @FromContext String tenant) {
			return "handled for " + tenant;
		}

	}

}

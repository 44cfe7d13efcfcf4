package io.github.contextvars.spring.rpc;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import io.rsocket.Payload;
import io.rsocket.RSocket;
import io.rsocket.plugins.RSocketInterceptor;
import io.rsocket.util.RSocketProxy;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.rsocket.server.RSocketServerCustomizer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.messaging.handler.annotation.MessageExceptionHandler;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.rsocket.RSocketRequester;
import org.springframework.messaging.rsocket.RSocketStrategies;
import org.springframework.messaging.rsocket.annotation.ConnectMapping;
import org.springframework.messaging.rsocket.annotation.support.RSocketMessageHandler;
import org.springframework.stereotype.Controller;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.threadlocal.ReactorContextVars;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each request of RSocket begins with a context of its own, on the server and in a client
 * that the server calls.
 */
class RSocketPropagationTests {

	private static final int REQUESTS = 240;

	private static final List<String> ROUTES = List.of("response", "stream", "channel", "failing", "back");

	@AfterAll
	static void disable() {
		Hooks.disableAutomaticContextPropagation();
	}

	@Test
	void requestsAndConnectionsBeginEmpty() {
		Handlers.CONNECTED.clear();
		try (ConfigurableApplicationContext app = start()) {
			assertThat(ROUTES)
				.allSatisfy((route) -> assertThat(answers(app, route)).as(route).hasSize(REQUESTS).containsOnly("- -"));
			assertThat(answers(app, "written")).hasSize(REQUESTS).containsOnly("right right");
		}
		assertThat(Handlers.CONNECTED).hasSize(ROUTES.size() + 1).containsOnly("-");
	}

	@Test
	void requestWithoutAResponseBeginsEmpty() throws Exception {
		try (ConfigurableApplicationContext app = start()) {
			RSocketRequester requester = requester(app);
			requester.route("forget").data("acme").send().block(Duration.ofSeconds(30));
			assertThat(Handlers.forgotten.get(30, TimeUnit.SECONDS)).isEqualTo("- -");
			requester.dispose();
		}
	}

	@Test
	void requestIsListedUntilItIsCancelled() {
		try (ConfigurableApplicationContext app = start("spring.jmx.enabled=true",
				"management.endpoints.jmx.exposure.include=contextvars")) {
			RSocketRequester requester = requester(app);
			Disposable running = requester.route("never").data("-").retrieveFlux(String.class).subscribe();
			Awaitility.await().untilAsserted(() -> assertThat(calls(app)).containsExactly("RSocket request-stream"));
			running.dispose();
			Awaitility.await().untilAsserted(() -> assertThat(calls(app)).isEmpty());
			requester.dispose();
		}
	}

	@Test
	void handlerIsReported() {
		try (ConfigurableApplicationContext app = start()) {
			assertThat(entries(app)).singleElement().satisfies((entry) -> {
				assertThat(entry.propagates()).isTrue();
				assertThat(entry.mechanism()).isEqualTo("RSocket interceptors");
			});
			Hooks.disableAutomaticContextPropagation();
			assertThat(entries(app)).singleElement()
				.extracting(PropagationSource.Entry::remedy)
				.isEqualTo("Set spring.reactor.context-propagation=auto.");
		}
		try (ConfigurableApplicationContext app = start("contextvars.rpc.enabled=false")) {
			assertThat(entries(app)).singleElement()
				.extracting(PropagationSource.Entry::reason)
				.isEqualTo("requests of RSocket are not instrumented");
		}
	}

	private static List<PropagationSource.Entry> entries(ConfigurableApplicationContext app) {
		return app.getBeanProvider(PropagationSource.class)
			.stream()
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.type().equals(RSocketMessageHandler.class.getName()))
			.toList();
	}

	private static List<String> calls(ConfigurableApplicationContext app) {
		return app.getBean(WorkRegistry.class)
			.list()
			.stream()
			.filter((unit) -> unit.kind() == UnitOfWork.Kind.CALL)
			.map(UnitOfWork::origin)
			.toList();
	}

	private static List<String> answers(ConfigurableApplicationContext app, String route) {
		RSocketRequester requester = requester(app);
		try {
			return Flux.fromIterable(MixedWork.units(REQUESTS))
				.flatMap((unit) -> ask(requester, route, unit.expected()).onErrorReturn("rejected"), 8)
				.collectList()
				.block(Duration.ofSeconds(60));
		}
		finally {
			requester.dispose();
		}
	}

	private static Mono<String> ask(RSocketRequester requester, String route, String tenant) {
		RSocketRequester.RequestSpec request = requester.route(route);
		return switch (route) {
			case "channel" -> request.data(Flux.just(tenant, tenant))
				.retrieveFlux(String.class)
				.distinct()
				.collect(Collectors.joining(","));
			case "stream" ->
				request.data(tenant).retrieveFlux(String.class).distinct().collect(Collectors.joining(","));
			case "written" ->
				request.data(tenant).retrieveMono(String.class).map((answer) -> answer.replace(tenant, "right"));
			default -> request.data(tenant).retrieveMono(String.class);
		};
	}

	private static ConfigurableApplicationContext start(String... properties) {
		return new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.properties("tests.frameworks=rsocket", "spring.rsocket.server.port=0", "spring.main.banner-mode=off",
					"spring.reactor.context-propagation=auto")
			.properties(properties)
			.run();
	}

	private static RSocketRequester requester(ConfigurableApplicationContext app) {
		RSocketStrategies strategies = app.getBean(RSocketStrategies.class);
		return app.getBean(RSocketRequester.Builder.class)
			.setupRoute("connect")
			.setupData("")
			.rsocketConnector(
					(connector) -> connector.acceptor(RSocketMessageHandler.responder(strategies, new Callee())))
			.tcp("localhost", app.getEnvironment().getRequiredProperty("local.rsocket.server.port", Integer.class));
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Handlers.class)
	static class Application {

		@Bean
		@ContextVariable
		static ContextVar<String> tenant() {
			return MixedWork.TENANT;
		}

		// The global ones are given two seconds to end.
		@Bean
		static ReactorResourceFactory reactorResourceFactory() {
			ReactorResourceFactory resources = new ReactorResourceFactory();
			resources.setUseGlobalResources(false);
			resources.setShutdownQuietPeriod(Duration.ZERO);
			return resources;
		}

		@Bean
		static RSocketServerCustomizer writer() {
			RSocketInterceptor interceptor = Writer::new;
			return (server) -> server.interceptors((registry) -> registry.forResponder(interceptor));
		}

	}

	/**
	 * Writes the tenant for what is behind it, as an application would.
	 */
	static class Writer extends RSocketProxy {

		Writer(RSocket responder) {
			super(responder);
		}

		@Override
		public Mono<Payload> requestResponse(Payload payload) {
			String tenant = payload.getDataUtf8();
			Mono<Payload> response = super.requestResponse(payload);
			return payload.getMetadataUtf8().contains("written")
					? response.contextWrite(ReactorContextVars.with(MixedWork.TENANT, tenant)) : response;
		}

	}

	/**
	 * What the server calls in the client.
	 */
	static class Callee {

		@MessageMapping("callee")
		Mono<String> callee(String tenant) {
			return Handlers.handle(tenant);
		}

	}

	@Controller
	static class Handlers {

		static final List<String> CONNECTED = new CopyOnWriteArrayList<>();

		static volatile CompletableFuture<String> forgotten = new CompletableFuture<>();

		// What is there first and on another thread. Outside any context it could not be
		// set.
		static Mono<String> handle(String tenant) {
			String seen = MixedWork.TENANT.get();
			MixedWork.TENANT.set(tenant).close();
			return Mono.delay(Duration.ofMillis(1)).map((ignored) -> {
				String later = MixedWork.TENANT.get();
				MixedWork.TENANT.set("left behind");
				return seen + " " + later;
			});
		}

		@ConnectMapping("connect")
		Mono<Void> connect() {
			CONNECTED.add(MixedWork.TENANT.get());
			return Mono.empty();
		}

		@MessageMapping("response")
		Mono<String> response(String tenant) {
			return handle(tenant);
		}

		@MessageMapping("written")
		Mono<String> written() {
			String seen = MixedWork.TENANT.get();
			return Mono.delay(Duration.ofMillis(1)).map((ignored) -> seen + " " + MixedWork.TENANT.get());
		}

		@MessageMapping("stream")
		Flux<String> stream(String tenant) {
			return Flux.range(0, 2).flatMap((ignored) -> handle(tenant));
		}

		@MessageMapping("channel")
		Flux<String> channel(Flux<String> tenants) {
			return tenants.flatMap(Handlers::handle);
		}

		@MessageMapping("forget")
		Mono<Void> forget(String tenant) {
			return handle(tenant).doOnNext(forgotten::complete).then();
		}

		@MessageMapping("never")
		Flux<String> never() {
			return Flux.never();
		}

		@MessageMapping("failing")
		Mono<String> failing(String tenant) {
			return handle(tenant).map((seen) -> {
				throw new UnsupportedOperationException(tenant);
			});
		}

		@MessageExceptionHandler
		Mono<String> handle(UnsupportedOperationException failure) {
			return handle(failure.getMessage());
		}

		@MessageMapping("back")
		Mono<String> back(String tenant, RSocketRequester client) {
			return client.route("callee").data(tenant).retrieveMono(String.class);
		}

	}

}

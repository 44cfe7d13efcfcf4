package io.github.contextvars.spring.remote;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import com.sun.net.httpserver.Headers;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.http.client.ClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.HttpClientSettings;
import org.springframework.boot.restclient.RestTemplateBuilder;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.RequestEntity;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.http.client.HttpComponentsClientHttpRequestFactory;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.http.client.JettyClientHttpRequestFactory;
import org.springframework.http.client.ReactorClientHttpRequestFactory;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.test.web.servlet.assertj.MockMvcTester;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.support.RestClientAdapter;
import org.springframework.web.reactive.function.client.ClientRequest;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.function.client.support.WebClientAdapter;
import org.springframework.web.service.annotation.GetExchange;
import org.springframework.web.service.invoker.HttpExchangeAdapter;
import org.springframework.web.service.invoker.HttpServiceProxyFactory;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.RecordingServer;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.web.servlet.ContextFilter;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Values that cross processes by HTTP: between two applications, and between one and
 * servers that are not to have them.
 */
class RemoteHttpTests {

	private static final String RECEIVE = "contextvars.remote.receive=tenant,number,level";

	private static final String TRUST = "contextvars.remote.receive-from=127.0.0.0/8,::1";

	private static final String PARENT = "contextvars.remote.parent=true";

	private static final String ENDPOINT = "management.endpoints.web.exposure.include=contextvars";

	private static WebApp sender;

	private static WebApp receiver;

	private static WebApp baggageSender;

	private static WebApp baggageReceiver;

	private static RecordingServer stranger;

	@BeforeAll
	static void start() {
		stranger = RecordingServer.start();
		receiver = WebApp.start(Receiver.class, RECEIVE, TRUST, PARENT, ENDPOINT);
		sender = sender("contextvars.remote.format=headers");
		baggageReceiver = WebApp.start(Receiver.class, RECEIVE, TRUST, PARENT, ENDPOINT,
				"contextvars.remote.format=baggage");
		baggageSender = sender("contextvars.remote.format=baggage");
	}

	private static WebApp sender(String... properties) {
		List<String> all = new ArrayList<>(List.of(properties));
		all.add("contextvars.remote.send=tenant,number,level");
		all.add("contextvars.remote.send-to=127.0.0.1");
		all.add(PARENT);
		all.add(ENDPOINT);
		return WebApp.start(Sender.class, all.toArray(String[]::new));
	}

	@AfterAll
	static void close() {
		baggageSender.close();
		baggageReceiver.close();
		sender.close();
		receiver.close();
		stranger.close();
	}

	@BeforeEach
	void forget() {
		stranger.recorded().clear();
	}

	@ParameterizedTest
	@EnumSource
	void clientsSendAndReceiveValues(Client client) {
		assertThat(client.get(sender, uriOf(receiver))).isEqualTo("acme ä€, 東 42 HIGH");
	}

	@ParameterizedTest
	@EnumSource
	void baggageIsSentAndReceived(Client client) {
		assertThat(client.get(baggageSender, uriOf(baggageReceiver))).isEqualTo("acme ä€, 東 42 HIGH");
		client.get(baggageSender, stranger.uri("127.0.0.1"));
		assertThat(stranger.recorded()).singleElement()
			.satisfies((headers) -> assertThat(headers.get("baggage"))
				.containsExactly("tenant=acme%20%C3%A4%E2%82%AC%2C%20%E6%9D%B1,number=42,level=HIGH"))
			.satisfies((headers) -> assertThat(headers).doesNotContainKey("X-tenant"));
	}

	@Test
	void foreignMembersOfBaggageStay() {
		inContext(() -> Client.REST_CLIENT.call(baggageSender, stranger.uri("127.0.0.1"), "baggage",
				"other=1;p=2, tenant=forged"));
		assertThat(stranger.recorded()).singleElement()
			.satisfies((headers) -> assertThat(headers.get("baggage"))
				.containsExactly("other=1;p=2,tenant=acme%20%C3%A4%E2%82%AC%2C%20%E6%9D%B1,number=42,level=HIGH"));
	}

	// A tracer passes on what a stranger has sent.
	@Test
	void memberOfBaggageThatIsNoValueOfThisContextIsNotPassedOn() {
		new Context().<String, RuntimeException>call(() -> Client.REST_CLIENT.call(baggageSender,
				stranger.uri("127.0.0.1"), "baggage", "other=1,tenant=victim"));
		assertThat(stranger.recorded()).singleElement()
			.satisfies((headers) -> assertThat(headers.get("baggage")).containsExactly("other=1"));
	}

	@ParameterizedTest
	@EnumSource
	void endpointsShowTheSendingUnitOfWorkByTheSameId(Client client) {
		requireSameId(client, sender, receiver);
		requireSameId(client, baggageSender, baggageReceiver);
	}

	private static void requireSameId(Client client, WebApp from, WebApp to) {
		WorkRegistry registry = from.bean(WorkRegistry.class);
		UnitOfWork unit = unit(from);
		registry.run(unit, () -> {
			assertThat(from.get("/actuator/contextvars").body()).doesNotContain("\"remoteId\":\"");
			String first = client.get(from, "http://127.0.0.1:" + to.port() + "/actuator/contextvars");
			String second = client.get(from, "http://127.0.0.1:" + to.port() + "/actuator/contextvars");

			assertThat(unit.remoteId()).matches("[0-9a-f]{16}");
			assertThat(List.of(first, second)).allSatisfy(
					(listed) -> assertThat(listed).containsOnlyOnce("\"remoteParent\":\"" + unit.remoteId() + "\""));
			assertThat(from.get("/actuator/contextvars").body())
				.containsOnlyOnce("\"remoteId\":\"" + unit.remoteId() + "\"");
		});
	}

	@ParameterizedTest
	@EnumSource
	void unitOfWorkIsNotShownToHostsThatAreNotNamed(Client client) {
		UnitOfWork unit = unit(sender);
		sender.bean(WorkRegistry.class).run(unit, () -> client.get(sender, stranger.uri("localhost")));

		assertThat(stranger.recorded()).singleElement().satisfies(RemoteHttpTests::hasNoValues);
		assertThat(unit.remoteId()).isNull();
	}

	// An application that forwards all headers.
	@Test
	void idThatAStrangerHasSentIsNotPassedOn() {
		requireOwnId(sender, "X-contextvars-unit", "");
		requireOwnId(baggageSender, "Baggage", "X-Contextvars-Unit=");
	}

	private static void requireOwnId(WebApp app, String header, String prefix) {
		stranger.recorded().clear();
		UnitOfWork unit = unit(app);
		app.bean(WorkRegistry.class)
			.run(unit,
					() -> app.bean(RestClient.Builder.class)
						.build()
						.get()
						.uri(stranger.uri("127.0.0.1"))
						.header(header, prefix + "0123456789abcdef")
						.retrieve()
						.body(String.class));

		assertThat(stranger.recorded()).singleElement()
			.satisfies((headers) -> assertThat(headers.get(header)).containsExactly(prefix + unit.remoteId()));
	}

	@ParameterizedTest
	@ValueSource(strings = { "1", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "%30123456789abcdef",
			"0123456789abcde\t", "<b>456789abcdef</b>" })
	void malformedIdIsDroppedAndCounted(String id) {
		RemoteDrops drops = receiver.bean(RemoteDrops.class);
		long before = drops.count(RemoteDrops.Reason.MALFORMED);

		assertThat(receiver.get("/actuator/contextvars", "X-Contextvars-Unit", id).body())
			.doesNotContain("\"remoteParent\":\"");
		assertThat(drops.count(RemoteDrops.Reason.MALFORMED) - before).isOne();
	}

	@Test
	void idThatIsRepeatedOrOverTheLimitsIsDroppedAndCounted() {
		RemoteDrops drops = receiver.bean(RemoteDrops.class);
		long repeated = drops.count(RemoteDrops.Reason.REPEATED);
		long over = drops.count(RemoteDrops.Reason.OVER);
		String id = "0123456789abcdef";

		for (List<String> headers : List.of(List.of("X-Contextvars-Unit", id, "X-Contextvars-Unit", id),
				List.of("X-Contextvars-Unit", id, "X-Tenant", "%E6%9D%B1".repeat(224)),
				List.of("X-Contextvars-Unit", "a".repeat(4000)))) {
			assertThat(receiver.get("/actuator/contextvars", headers.toArray(String[]::new)).body())
				.doesNotContain("\"remoteParent\":\"");
		}
		assertThat(drops.count(RemoteDrops.Reason.REPEATED) - repeated).isOne();
		assertThat(drops.count(RemoteDrops.Reason.OVER) - over).isEqualTo(2);
		assertThat(receiver.get("/actuator/contextvars", "X-Contextvars-Unit", id).body())
			.containsOnlyOnce("\"remoteParent\":\"" + id + "\"");
	}

	private static UnitOfWork unit(WebApp app) {
		return app.bean(WorkRegistry.class).create(UnitOfWork.Kind.TASK, () -> "test");
	}

	@ParameterizedTest
	@EnumSource
	void nothingIsSentToHostsThatAreNotNamed(Client client) {
		client.get(sender, stranger.uri("localhost"));

		assertThat(stranger.recorded()).singleElement().satisfies(RemoteHttpTests::hasNoValues);
	}

	// Boot's own builders follow no redirects.
	@ParameterizedTest
	@EnumSource
	void redirectBringsNothingToAnotherHost(Client client) {
		client.get(sender, stranger.uri("127.0.0.1") + "redirect");

		assertThat(stranger.recorded()).singleElement()
			.satisfies((headers) -> assertThat(headers.getFirst("X-Number")).isEqualTo("42"));
	}

	@ParameterizedTest
	@EnumSource
	void clientThatFollowsRedirectsSendsNothingAndIsReported(Following client) {
		String body = inContext(() -> client.get(sender, stranger.uri("127.0.0.1") + "redirect"));

		assertThat(body).isEqualTo("ok");
		assertThat(stranger.recorded()).hasSize(2).allSatisfy(RemoteHttpTests::hasNoValues);
		assertThat(entries(sender)).anySatisfy((entry) -> {
			assertThat(entry.name()).contains(client.reported);
			assertThat(entry.propagates()).isFalse();
			assertThat(entry.remedy()).isNotBlank();
		});
	}

	// A reactive request can be subscribed to any number of times.
	@Test
	void eachSubscriptionSendsItsOwnValues() {
		Mono<String> request = sender.bean(WebClient.Builder.class)
			.build()
			.get()
			.uri(uriOf(receiver))
			.retrieve()
			.bodyToMono(String.class);
		for (String tenant : List.of("first", "second")) {
			assertThat(new Context().call(() -> {
				Variables.TENANT.set(tenant);
				return request.block();
			})).isEqualTo(tenant + " 0 LOW");
		}
		assertThat(new Context().<String, RuntimeException>call(request::block)).isEqualTo("- 0 LOW");
	}

	@Test
	void filterThatSendsTheRequestElsewhereBringsNothing() {
		inContext(() -> sender.bean(WebClient.Builder.class)
			.filter((request, next) -> next
				.exchange(ClientRequest.from(request).url(URI.create(stranger.uri("localhost"))).build()))
			.build()
			.get()
			.uri(uriOf(receiver))
			.retrieve()
			.bodyToMono(String.class)
			.block());
		assertThat(stranger.recorded()).singleElement().satisfies(RemoteHttpTests::hasNoValues);
	}

	@ParameterizedTest
	@EnumSource
	void headerThatTheApplicationSetsStays(Client client) {
		assertThat(inContext(() -> client.call(sender, uriOf(receiver), "X-Tenant", "chosen")))
			.isEqualTo("chosen 42 HIGH");
	}

	@Test
	void addressThatNoServerHasToldIsNotTrusted() throws Exception {
		MockMvcTester mockMvc = MockMvcTester.create(MockMvcBuilders.standaloneSetup(new Receiver.Requests())
			.addFilters(receiver.beans(FilterRegistrationBean.class)
				.map(FilterRegistrationBean::getFilter)
				.filter(ContextFilter.class::isInstance)
				.toArray(Filter[]::new))
			.build());
		assertThat(mockMvc.get().uri("/values").header("X-Tenant", "victim")).hasBodyTextEqualTo("- 0 LOW");
		assertThat(mockMvc.get()
			.uri("/values")
			.header("X-Tenant", "acme")
			.requestAttr(ContextFilter.PEER_ADDRESS, "127.0.0.1")).hasBodyTextEqualTo("acme 0 LOW");
	}

	@Test
	void clientWithInterceptorsSends() {
		String body = inContext(() -> sender.bean(RestClient.Builder.class)
			.requestInterceptor((request, content, execution) -> execution.execute(request, content))
			.build()
			.get()
			.uri(uriOf(receiver))
			.retrieve()
			.body(String.class));
		assertThat(body).isEqualTo("acme ä€, 東 42 HIGH");
	}

	@Test
	void valueThatCannotBeWrittenIsDroppedAndCounted() {
		RemoteDrops drops = sender.bean(RemoteDrops.class);
		long before = drops.count(RemoteDrops.Reason.MALFORMED);

		for (String value : List.of("a\r\nX-Admin: true", "a".repeat(257))) {
			String body = new Context().call(() -> {
				Variables.TENANT.set(value);
				Variables.NUMBER.set(1);
				return Client.REST_CLIENT.get(sender, uriOf(receiver));
			});
			assertThat(body).isEqualTo("- 1 LOW");
		}

		assertThat(drops.count(RemoteDrops.Reason.MALFORMED) - before).isEqualTo(2);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
			X-Tenant: a%0d%0aX-Admin:true                 | - 0 LOW
			X-Tenant: %00                                 | - 0 LOW
			X-Tenant: %ff                                 | - 0 LOW
			X-Number: many                                | - 0 LOW
			X-Level: HIGHEST                              | - 0 LOW
			X-Undeclared: a                               | - 0 LOW
			X-Secret: a                                   | - 0 LOW
			baggage: tenant=acme,secret=a,undeclared=a    | - 0 LOW
			X-Tenant: acme;X-Tenant: acme                 | - 0 LOW
			X-Tenant: acme;X-Number: many                 | acme 0 LOW
			""")
	void attackIsDropped(String headers, String seen) {
		List<String> all = new ArrayList<>();
		for (String header : headers.split(";")) {
			all.addAll(List.of(header.split(": ")));
		}
		assertThat(receiver.get("/values", all.toArray(String[]::new)).body()).isEqualTo(seen);
	}

	@Test
	void overlongValueIsDropped() {
		assertThat(receiver.get("/values", "X-Tenant", "a".repeat(257)).body()).isEqualTo("- 0 LOW");
		assertThat(receiver.get("/values", "X-Tenant", "%41".repeat(257)).body()).isEqualTo("- 0 LOW");
		assertThat(receiver.get("/values", "X-Tenant", "a".repeat(256)).body()).startsWith("aaaa");
	}

	@ParameterizedTest
	@ValueSource(strings = { "none", "framework", "native" })
	void peerIsComparedByTheAddressOfItsConnection(String strategy) {
		try (WebApp app = WebApp.start(Receiver.class, RECEIVE, "contextvars.remote.receive-from=10.0.0.0/8",
				"server.forward-headers-strategy=" + strategy)) {
			for (String header : List.of("X-Forwarded-For", "Forwarded", "X-Real-IP")) {
				String forged = header.equals("Forwarded") ? "for=10.0.0.1" : "10.0.0.1";
				assertThat(app.get("/values", "X-Tenant", "victim", header, forged).body()).as(header)
					.isEqualTo("- 0 LOW");
			}
			assertThat(app.bean(RemoteDrops.class).count(RemoteDrops.Reason.UNTRUSTED)).isEqualTo(3);
		}
		try (WebApp app = WebApp.start(Receiver.class, RECEIVE, TRUST, "server.forward-headers-strategy=" + strategy)) {
			assertThat(app.get("/values", "X-Tenant", "acme", "X-Forwarded-For", "203.0.113.1").body())
				.isEqualTo("acme 0 LOW");
		}
	}

	@Test
	void nothingIsReceivedWithoutATrustedSource() {
		try (WebApp app = WebApp.start(Receiver.class, RECEIVE, PARENT, ENDPOINT)) {
			assertThat(app.get("/values", "X-Tenant", "victim").body()).isEqualTo("- 0 LOW");
			assertThat(app.get("/actuator/contextvars", "X-Contextvars-Unit", "0123456789abcdef").body())
				.doesNotContain("\"remoteParent\":\"");
			assertThat(app.bean(RemoteDrops.class).count(RemoteDrops.Reason.UNTRUSTED)).isEqualTo(2);
			assertThat(entries(app)).extracting(PropagationSource.Entry::remedy)
				.containsExactly("Set 'contextvars.remote.receive-from'.");
		}
	}

	@Test
	void beanDecidesWhomToTrust() {
		try (WebApp app = WebApp.start(Trusting.class, RECEIVE)) {
			assertThat(app.get("/values", "X-Tenant", "acme", "X-Token", "right").body()).isEqualTo("acme 0 LOW");
			assertThat(app.get("/values", "X-Tenant", "acme", "X-Token", "wrong").body()).isEqualTo("- 0 LOW");
			assertThat(app.get("/values", "X-Tenant", "acme").body()).isEqualTo("- 0 LOW");
		}
	}

	@Test
	void headerTakesPrecedenceOverReceivedValue() {
		try (WebApp app = WebApp.start(Receiver.class, RECEIVE, TRUST, "contextvars.fill.tenant.header=X-Own")) {
			assertThat(app.get("/values", "X-Tenant", "received", "X-Own", "own").body()).isEqualTo("own 0 LOW");
			assertThat(app.get("/values", "X-Tenant", "received").body()).isEqualTo("received 0 LOW");
		}
	}

	private static String uriOf(WebApp app) {
		return "http://127.0.0.1:" + app.port() + "/values";
	}

	private static void hasNoValues(Headers headers) {
		assertThat(headers.keySet()).doesNotContain("X-tenant", "X-number", "X-level", "Baggage", "X-contextvars-unit");
	}

	private static List<PropagationSource.Entry> entries(WebApp app) {
		return app.beans(PropagationSource.class)
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.category().equals("remote"))
			.toList();
	}

	private static <R> R inContext(Context.CallableOp<R, RuntimeException> operation) {
		return new Context().call(() -> {
			Variables.TENANT.set("acme ä€, 東");
			Variables.NUMBER.set(42);
			Variables.LEVEL.set(Level.HIGH);
			return operation.call();
		});
	}

	/**
	 * Clients of Spring Boot's builders.
	 */
	enum Client {

		REST_CLIENT {

			@Override
			String call(WebApp app, String uri, String header, String value) {
				return exchange(app.bean(RestClient.Builder.class), uri, header, value);
			}

		},

		REST_TEMPLATE {

			@Override
			String call(WebApp app, String uri, String header, String value) {
				return app.bean(RestTemplateBuilder.class)
					.build()
					.exchange(RequestEntity.get(uri).header(header, value).build(), String.class)
					.getBody();
			}

		},

		WEB_CLIENT {

			@Override
			String call(WebApp app, String uri, String header, String value) {
				return app.bean(WebClient.Builder.class)
					.build()
					.get()
					.uri(uri)
					.header(header, value)
					.retrieve()
					.bodyToMono(String.class)
					.block();
			}

		},

		INTERFACE_OVER_REST_CLIENT {

			@Override
			String call(WebApp app, String uri, String header, String value) {
				return exchange(RestClientAdapter.create(app.bean(RestClient.Builder.class).build()), uri, header,
						value);
			}

		},

		INTERFACE_OVER_WEB_CLIENT {

			@Override
			String call(WebApp app, String uri, String header, String value) {
				return exchange(WebClientAdapter.create(app.bean(WebClient.Builder.class).build()), uri, header, value);
			}

		},

		JDK {

			@Override
			String call(WebApp app, String uri, String header, String value) {
				return with(app, ClientHttpRequestFactoryBuilder.jdk(), uri, header, value);
			}

		},

		SIMPLE {

			@Override
			String call(WebApp app, String uri, String header, String value) {
				return with(app, ClientHttpRequestFactoryBuilder.simple(), uri, header, value);
			}

		},

		JETTY {

			@Override
			String call(WebApp app, String uri, String header, String value) {
				return with(app, ClientHttpRequestFactoryBuilder.jetty(), uri, header, value);
			}

		},

		REACTOR {

			@Override
			String call(WebApp app, String uri, String header, String value) {
				return with(app, ClientHttpRequestFactoryBuilder.reactor(), uri, header, value);
			}

		};

		static String with(WebApp app, ClientHttpRequestFactoryBuilder<?> builder, String uri, String header,
				String value) {
			return exchange(app.bean(RestClient.Builder.class)
				.requestFactory(builder.build(app.bean(HttpClientSettings.class))), uri, header, value);
		}

		static String exchange(RestClient.Builder builder, String uri, String header, String value) {
			return builder.build().get().uri(uri).header(header, value).retrieve().body(String.class);
		}

		static String exchange(HttpExchangeAdapter adapter, String uri, String header, String value) {
			return HttpServiceProxyFactory.builderFor(adapter)
				.build()
				.createClient(Values.class)
				.get(URI.create(uri), Map.of(header, value));
		}

		abstract String call(WebApp app, String uri, String header, String value);

		String get(WebApp app, String uri) {
			return inOwnContext(() -> call(app, uri, "X-Other", "any"));
		}

		// A value of a test's own context is kept.
		private static String inOwnContext(Context.CallableOp<String, RuntimeException> operation) {
			return (Context.depth() > 0) ? operation.call() : inContext(operation);
		}

	}

	interface Values {

		@GetExchange
		String get(URI uri, @RequestHeader Map<String, String> headers);

	}

	/**
	 * Clients that follow redirects.
	 */
	enum Following {

		JDK("JdkClientHttpRequest",
				() -> new JdkClientHttpRequestFactory(java.net.http.HttpClient.newBuilder()
					.followRedirects(java.net.http.HttpClient.Redirect.NORMAL)
					.build())),

		SIMPLE("SimpleClientHttpRequest", SimpleClientHttpRequestFactory::new),

		JETTY("JettyClientHttpRequest", JettyClientHttpRequestFactory::new),

		REACTOR("ReactorClientHttpRequest",
				() -> new ReactorClientHttpRequestFactory(HttpClient.create().followRedirect(true))),

		HTTP_COMPONENTS("HttpComponentsClientHttpRequest", HttpComponentsClientHttpRequestFactory::new),

		WEB_CLIENT("WebClient", null) {

			@Override
			String get(WebApp app, String uri) {
				return app.bean(WebClient.Builder.class)
					.clientConnector(new ReactorClientHttpConnector(HttpClient.create().followRedirect(true)))
					.build()
					.get()
					.uri(uri)
					.retrieve()
					.bodyToMono(String.class)
					.block();
			}

		};

		private final String reported;

		private final Supplier<ClientHttpRequestFactory> factory;

		Following(String reported, Supplier<ClientHttpRequestFactory> factory) {
			this.reported = reported;
			this.factory = factory;
		}

		String get(WebApp app, String uri) {
			return app.bean(RestClient.Builder.class)
				.requestFactory(this.factory.get())
				.build()
				.get()
				.uri(URI.create(uri))
				.retrieve()
				.body(String.class);
		}

	}

	enum Level {

		LOW, HIGH

	}

	static class Variables {

		@ContextVariable(header = "X-Tenant")
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

		@ContextVariable(header = "X-Number")
		static final ContextVar<Integer> NUMBER = ContextVar.of("number", 0);

		@ContextVariable(header = "X-Level")
		static final ContextVar<Level> LEVEL = ContextVar.of("level", Level.LOW);

		@ContextVariable(sensitive = true)
		static final ContextVar<String> SECRET = ContextVar.of("secret", "-");

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Sender extends Variables {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Receiver extends Variables {

		@RestController
		static class Requests {

			@GetMapping("/values")
			String values() {
				return TENANT.get() + " " + NUMBER.get() + " " + LEVEL.get();
			}

		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Trusting extends Receiver {

		@Bean
		static RemoteTrust trust() {
			return (transport, address, carrier) -> {
				assertThat(transport).isEqualTo("http");
				assertThat(address.isLoopbackAddress()).isTrue();
				String token = ((HttpServletRequest) carrier).getHeader("X-Token");
				return token.equals("right");
			};
		}

	}

}

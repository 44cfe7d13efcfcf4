package io.github.contextvars.spring.remote;

import java.util.List;
import java.util.Map;

import feign.Client;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.openfeign.FeignClientBuilder;
import org.springframework.cloud.openfeign.loadbalancer.FeignBlockingLoadBalancerClient;
import org.springframework.cloud.openfeign.loadbalancer.RetryableFeignBlockingLoadBalancerClient;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.RecordingServer;
import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Values that Feign clients of Spring Cloud send.
 */
class RemoteFeignTests {

	private static RecordingServer server;

	private static ConfigurableApplicationContext application;

	@BeforeAll
	static void start() {
		server = RecordingServer.start();
		application = new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.properties("tests.frameworks=cloud,resilience4j", "spring.main.banner-mode=off",
					"contextvars.remote.send=tenant", "contextvars.remote.send-to=127.0.0.1,balanced",
					"spring.cloud.openfeign.client.config.staying.follow-redirects=false",
					"spring.cloud.openfeign.client.config.balanced.follow-redirects=false",
					"spring.cloud.discovery.client.simple.instances.balanced[0].uri=" + server.uri("localhost"))
			.run();
	}

	@AfterAll
	static void close() {
		application.close();
		server.close();
	}

	@BeforeEach
	void forget() {
		server.recorded().clear();
	}

	@Test
	void clientSendsValuesToHostThatIsNamed() {
		call(client("staying", server.uri("127.0.0.1")), "X-Other");
		call(client("staying", server.uri("localhost")), "X-Other");

		assertThat(server.recorded()).extracting((headers) -> headers.getFirst("X-Tenant"))
			.containsExactly("acme%20%C3%A4", null);
	}

	@Test
	void clientWithBalancerSendsValuesToServiceThatIsNamed() {
		call(client("balanced", ""), "X-Other");

		assertThat(server.recorded()).extracting((headers) -> headers.getFirst("X-Tenant"))
			.containsExactly("acme%20%C3%A4");
	}

	@Test
	void headerThatTheApplicationSetsStays() {
		call(client("staying", server.uri("127.0.0.1")), "x-tenant");

		assertThat(server.recorded()).singleElement()
			.satisfies((headers) -> assertThat(headers.get("X-Tenant")).containsExactly("chosen"));
	}

	@Test
	void clientThatFollowsRedirectsSendsNothingAndIsReported() {
		call(client("following", server.uri("127.0.0.1") + "redirect"), "X-Other");

		assertThat(server.recorded()).hasSize(2).noneMatch((headers) -> headers.containsKey("X-Tenant"));
		assertThat(entries("Feign with Default")).extracting(PropagationSource.Entry::remedy)
			.singleElement()
			.asString()
			.contains("'spring.cloud.openfeign.client.config.default.follow-redirects=false'");
	}

	@Test
	void clientThatIsNotKnownSendsNothingAndIsReported() {
		Client own = new Client.Default(null, null) {
		};
		call(new FeignClientBuilder(application).forType(Server.class, "staying")
			.url(server.uri("127.0.0.1"))
			.customize((builder) -> builder.client(own))
			.build(), "X-Other");

		assertThat(server.recorded()).singleElement()
			.satisfies((headers) -> assertThat(headers).doesNotContainKey("X-Tenant"));
		assertThat(entries("Feign with ")).isNotEmpty();
	}

	@Test
	void whatIsUsedByReflectionCanBeUsedInNativeImages() throws Exception {
		RuntimeHints hints = new RuntimeHints();
		new RemoteFeignCapability.Hints().registerHints(hints, getClass().getClassLoader());

		assertThat(RuntimeHintsPredicates.reflection()
			.onMethodInvocation(RemoteFeignCapability.class.getMethod("enrich", Client.class))).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(FeignBlockingLoadBalancerClient.class, "delegate"))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(RetryableFeignBlockingLoadBalancerClient.class, "delegate")).accepts(hints);
	}

	private static Server client(String name, String uri) {
		return new FeignClientBuilder(application).forType(Server.class, name).url(uri).build();
	}

	private static void call(Server client, String header) {
		new Context().run(() -> {
			Application.TENANT.set("acme ä");
			assertThat(client.get(Map.of(header, "chosen"))).isEqualTo("ok");
		});
	}

	private static List<PropagationSource.Entry> entries(String name) {
		return application.getBeanProvider(PropagationSource.class)
			.stream()
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.name().startsWith(name) && !entry.propagates())
			.toList();
	}

	interface Server {

		@GetMapping
		String get(@RequestHeader Map<String, String> headers);

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@ContextVariable(header = "X-Tenant")
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

	}

}

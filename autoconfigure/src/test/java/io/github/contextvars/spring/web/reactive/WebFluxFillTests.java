package io.github.contextvars.spring.web.reactive;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.error.ErrorAttributeOptions;
import org.springframework.boot.webflux.error.DefaultErrorAttributes;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.core.userdetails.MapReactiveUserDetailsService;
import org.springframework.security.core.userdetails.ReactiveUserDetailsService;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.ReactiveJwtDecoder;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.fill.AuthenticationContextInitializer;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.threadlocal.ReactorContextVars;
import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Variables that requests of Spring WebFlux and their users fill, with Spring Security.
 */
class WebFluxFillTests {

	private static final String BASIC = "Basic YWRhOnB3"; // ada:pw

	private static final String[] PROPERTIES = { "spring.main.web-application-type=reactive",
			"spring.reactor.context-propagation=auto", "tests.frameworks=security",
			"contextvars.fill.tenant.header=X-Tenant", "contextvars.fill.tenant.claim=tenant_id",
			"contextvars.fill.region.header=X-Region", "contextvars.fill.region.pattern=[a-z]{2}",
			"contextvars.fill.region.required=true", "contextvars.fill.user.principal=true",
			"contextvars.fill.user.required=true", "management.server.port=0",
			// Tomcat is on the class path, too.
			"spring.autoconfigure.exclude=org.springframework.boot.tomcat.autoconfigure.actuate.web.server"
					+ ".TomcatReactiveManagementContextAutoConfiguration",
			"management.endpoints.web.exposure.include=health,contextvars" };

	private static WebApp app;

	@BeforeAll
	static void start() {
		app = WebApp.start(Application.class, PROPERTIES);
	}

	@AfterAll
	static void close() {
		app.assertClean();
		app.close();
		Hooks.disableAutomaticContextPropagation();
	}

	@Test
	void headersFillVariablesBeforeAllFilters() {
		assertThat(app.get("/values", "Authorization", BASIC, "X-Region", "eu").body())
			.isEqualTo("first filter: -, eu; tenant -, region eu, user ada, checked ada");
		assertThat(Application.DECORATED).contains("/values eu").doesNotContain("/values -");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			X-Region | EU    | The header 'X-Region' has no valid value.
			X-Tenant | A;B   | The header 'X-Tenant' has no valid value.
			X-Region |       | The header 'X-Region' is missing.
			X-Tenant | a     | The header 'X-Tenant' is repeated.
			""")
	void valueThatDoesNotMatchIsRejectedAndNotRepeated(String header, String value, String detail) {
		List<String> headers = new ArrayList<>(List.of("Authorization", BASIC));
		if (value != null) {
			headers.addAll(List.of(header, value));
		}
		if (detail.contains("repeated")) {
			headers.addAll(List.of(header, value));
		}
		if (!header.equals("X-Region")) {
			headers.addAll(List.of("X-Region", "eu"));
		}
		HttpResponse<String> response = app.get("/values", headers.toArray(String[]::new));

		assertRejected(response, detail);
	}

	private static void assertRejected(HttpResponse<String> response, String detail) {
		assertThat(response.statusCode()).isEqualTo(400);
		assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
		assertThat(response.body())
			.isEqualTo("{\"title\":\"Bad Request\",\"detail\":\"" + detail + "\",\"status\":400}");
	}

	@Test
	void preflightsAndManagementNeedNoHeader() throws Exception {
		HttpResponse<String> preflight = HttpClient.newHttpClient()
			.send(HttpRequest.newBuilder(URI.create("http://localhost:" + app.port() + "/values"))
				.method("OPTIONS", HttpRequest.BodyPublishers.noBody())
				.headers("Origin", "https://acme.example", "Access-Control-Request-Method", "GET")
				.build(), HttpResponse.BodyHandlers.ofString());
		assertThat(preflight.body()).doesNotContain("X-Region");
		assertThat(app.get(app.managementPort(), "/actuator/health").statusCode()).isEqualTo(200);
		assertThat(app.get(app.managementPort(), "/actuator/contextvars", "Authorization", BASIC).body())
			.contains("\"origin\":\"GET /actuator/contextvars\"");
	}

	@Test
	void claimTakesPrecedenceOverHeader() {
		assertThat(app.get("/values", "Authorization", "Bearer globex", "X-Region", "eu", "X-Tenant", "acme").body())
			.isEqualTo("first filter: acme, eu; tenant globex, region eu, user token, checked token");
	}

	@Test
	void headerDoesNotDecideForUserWithoutTheClaim() {
		assertThat(app.get("/values", "Authorization", "Bearer none", "X-Region", "eu", "X-Tenant", "victim").body())
			.isEqualTo("first filter: victim, eu; tenant -, region eu, user token, checked token");
	}

	@Test
	void valueOfAnOuterFilterStays() {
		assertThat(app.get("/values", "Authorization", "Bearer globex", "X-Region", "eu", "X-Outer", "written").body())
			.isEqualTo("first filter: -, eu; tenant globex, region written, user token, checked token");
		assertThat(app
			.get("/values", "Authorization", "Bearer globex", "X-Region", "eu", "X-Outer", "tenant", "X-Tenant", "acme")
			.body()).isEqualTo("first filter: acme, eu; tenant written, region eu, user token, checked token");
	}

	@Test
	void filterThatWritesDoesNotLetTheHeaderDecide() {
		assertThat(app
			.get("/values", "Authorization", "Bearer none", "X-Region", "eu", "X-Outer", "written", "X-Tenant",
					"victim")
			.body()).isEqualTo("first filter: victim, eu; tenant -, region written, user token, checked token");
		assertThat(app
			.get("/missing", "Authorization", "Bearer globex", "X-Region", "eu", "X-Outer", "written", "X-Tenant",
					"victim", "Accept", "application/json")
			.body()).contains("\"tenant\":\"globex\"", "\"user\":\"token\"");
	}

	@Test
	void errorHandlerBehindAllFiltersSeesTheUser() {
		assertThat(app.get("/missing", "Authorization", "Bearer globex", "X-Region", "eu", "Accept", "application/json")
			.body()).contains("\"tenant\":\"globex\"", "\"user\":\"token\"");
	}

	@Test
	void rejectedUserFillsNothing() {
		assertThat(app.get("/values", "X-Region", "eu").statusCode()).isEqualTo(401);
	}

	@Test
	void failingInitializersFailTheRequest() {
		HttpResponse<String> problem = app.get("/values", "Authorization", BASIC, "X-Region", "eu", "X-Initializer",
				"problem");
		assertThat(problem.statusCode()).isEqualTo(403);
		assertThat(problem.body()).contains("\"detail\":\"not \\u0022yours\\u0022\"");
		assertThat(app.get("/values", "Authorization", BASIC, "X-Region", "eu", "X-Initializer", "fails").statusCode())
			.isEqualTo(500);
		assertThat(app.get("/values", "Authorization", BASIC, "X-Region", "eu", "X-Initializer", "sets").body())
			.isEqualTo("first filter: initialized, eu; tenant initialized, region eu, user ada, checked ada");
	}

	@Test
	void variableThatOnlyAHeaderFillsIsReported() {
		try (WebApp unchecked = WebApp.start(Unchecked.class, "spring.main.web-application-type=reactive",
				"spring.reactor.context-propagation=auto", "tests.frameworks=security",
				"contextvars.fill.tenant.header=X-Tenant")) {
			assertThat(unchecked.beans(PropagationSource.class)
				.flatMap(PropagationSource::entries)
				.filter((entry) -> entry.category().equals("header"))).singleElement()
				.satisfies((entry) -> assertThat(entry.name()).isEqualTo("tenant"));
		}
	}

	private static String values() {
		return "tenant " + Variables.TENANT.get("-") + ", region " + Variables.REGION.get("-") + ", user "
				+ Variables.USER.get("-") + ", checked " + Variables.CHECKED.get("-");
	}

	static class Variables {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable
		static final ContextVar<String> REGION = ContextVar.of("region");

		@ContextVariable
		static final ContextVar<String> USER = ContextVar.of("user");

		@ContextVariable
		static final ContextVar<String> CHECKED = ContextVar.of("checked");

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Variables.class)
	static class Unchecked {

		@Bean
		NettyReactiveWebServerFactory server() {
			return new NettyReactiveWebServerFactory();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ Variables.class, Page.class, Attributes.class })
	static class Application {

		static final Set<String> DECORATED = ConcurrentHashMap.newKeySet();

		// One of the application's own comes behind the library's.
		@Bean
		HttpHandlerDecoratorFactory decorator() {
			return (handler) -> (request, response) -> Mono.defer(() -> {
				if (request.getHeaders().containsHeader("X-Region")) {
					DECORATED.add(request.getPath() + " " + Variables.REGION.get("-"));
				}
				return handler.handle(request, response);
			});
		}

		@Bean
		NettyReactiveWebServerFactory server() {
			return new NettyReactiveWebServerFactory();
		}

		@Bean
		SecurityWebFilterChain security(ServerHttpSecurity http) {
			return http.authorizeExchange(
					(exchanges) -> exchanges.pathMatchers("/actuator/health").permitAll().anyExchange().authenticated())
				.httpBasic(Customizer.withDefaults())
				.oauth2ResourceServer((server) -> server.jwt(Customizer.withDefaults()))
				.build();
		}

		@Bean
		ReactiveUserDetailsService users() {
			return new MapReactiveUserDetailsService(
					User.withUsername("ada").password("{noop}pw").roles("USER").build());
		}

		@Bean
		ReactiveJwtDecoder decoder() {
			return (token) -> Mono
				.just(Jwt.withTokenValue(token).header("alg", "none").subject("token").claims((claims) -> {
					if (!token.equals("none")) {
						claims.put("tenant_id", token);
					}
				}).build());
		}

		@Bean
		AuthenticationContextInitializer checks() {
			return (authentication) -> Variables.CHECKED.set(authentication.getName());
		}

		@Bean
		ServerRequestContextInitializer initializer() {
			return (request) -> {
				String wanted = String.valueOf(request.getHeaders().getFirst("X-Initializer"));
				switch (wanted) {
					case "problem" -> throw new ErrorResponseException(HttpStatus.FORBIDDEN,
							ProblemDetail.forStatusAndDetail(HttpStatus.FORBIDDEN, "not \"yours\""), null);
					case "fails" -> throw new IllegalStateException("An initializer fails.");
					case "sets" -> Variables.TENANT.set("initialized");
					default -> {
					}
				}
			};
		}

		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		WebFilter outer() {
			return (exchange, chain) -> {
				exchange.getAttributes().put("first", Variables.TENANT.get("-") + ", " + Variables.REGION.get("-"));
				Mono<Void> handled = chain.filter(exchange);
				String outer = String.valueOf(exchange.getRequest().getHeaders().getFirst("X-Outer"));
				return switch (outer) {
					case "written" -> handled.contextWrite(ReactorContextVars.with(Variables.REGION, "written"));
					case "tenant" -> handled.contextWrite(ReactorContextVars.with(Variables.TENANT, "written"));
					default -> handled;
				};
			};
		}

	}

	static class Attributes extends DefaultErrorAttributes {

		@Override
		public Map<String, Object> getErrorAttributes(ServerRequest request, ErrorAttributeOptions options) {
			Map<String, Object> attributes = super.getErrorAttributes(request, options);
			attributes.put("tenant", Variables.TENANT.get("-"));
			attributes.put("user", Variables.USER.get("-"));
			return attributes;
		}

	}

	@RestController
	static class Page {

		@GetMapping("/values")
		Mono<String> page(ServerWebExchange exchange) {
			return Mono.delay(Duration.ofMillis(1))
				.map((ignored) -> "first filter: " + exchange.getAttribute("first") + "; " + values());
		}

	}

}

package io.github.contextvars.spring.fill;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.web.servlet.RequestContextInitializer;
import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/**
 * Variables that requests fill, on a real Tomcat with Spring Security.
 */
class RequestFillTests {

	private static final String BASIC = "Basic YWRhOnB3"; // ada:pw

	private static final String[] PROPERTIES = { "tests.frameworks=security", "contextvars.fill.tenant.header=X-Tenant",
			"contextvars.fill.tenant.claim=tenant_id", "contextvars.fill.region.header=X-Region",
			"contextvars.fill.region.pattern=[a-z]{2}", "contextvars.fill.region.required=true",
			"contextvars.fill.session.header=X-Session", "contextvars.fill.user.principal=true",
			"contextvars.fill.token.principal=true", "contextvars.fill.untouched.header=X-Untouched",
			"contextvars.fill.untouched.claim=tenant_id", "management.server.port=0",
			"management.endpoints.web.exposure.include=health" };

	private static WebApp app;

	@BeforeAll
	static void start() {
		app = WebApp.start(Application.class, PROPERTIES);
	}

	@AfterAll
	static void close() {
		app.assertClean();
		app.close();
	}

	@Test
	void headersFillVariablesBeforeAllOtherFilters() {
		assertThat(app.get("/values", "Authorization", BASIC, "X-Region", "eu").body())
			.isEqualTo("first filter: -, eu; tenant -, region eu, user ada");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			X-Region | EU               | The header 'X-Region' has no valid value.
			X-Region | ''               | The header 'X-Region' has no valid value.
			X-Tenant | A;B              | The header 'X-Tenant' has no valid value.
			X-Tenant | acme%0d%0aX-A:b  | The header 'X-Tenant' has no valid value.
			X-Tenant | ../../etc/passwd | The header 'X-Tenant' has no valid value.
			X-Session| no-uuid          | The header 'X-Session' has no valid value.
			""")
	void valueThatDoesNotMatchIsRejectedAndNotRepeated(String header, String value, String detail) {
		List<String> headers = new ArrayList<>(List.of("Authorization", BASIC, header, value));
		if (!header.equals("X-Region")) {
			headers.addAll(List.of("X-Region", "eu"));
		}
		assertRejected(app.get("/values", headers.toArray(String[]::new)), detail);
	}

	@Test
	void overlongValueIsRejected() {
		assertRejected(app.get("/values", "Authorization", BASIC, "X-Region", "eu", "X-Tenant", "a".repeat(65)),
				"The header 'X-Tenant' has no valid value.");
	}

	@Test
	void repeatedHeaderIsRejected() {
		assertRejected(
				app.get("/values", "Authorization", BASIC, "X-Region", "eu", "X-Tenant", "acme", "X-Tenant", "acme"),
				"The header 'X-Tenant' is repeated.");
	}

	@Test
	void missingValueIsRejectedWhereItIsRequired() throws Exception {
		assertRejected(app.get("/values", "Authorization", BASIC), "The header 'X-Region' is missing.");
		HttpResponse<String> preflight = HttpClient.newHttpClient()
			.send(HttpRequest.newBuilder(URI.create("http://localhost:" + app.port() + "/values"))
				.method("OPTIONS", HttpRequest.BodyPublishers.noBody())
				.headers("Origin", "https://acme.example", "Access-Control-Request-Method", "GET")
				.build(), HttpResponse.BodyHandlers.ofString());
		assertThat(preflight.body()).doesNotContain("X-Region");
		assertThat(app.get(app.managementPort(), "/actuator/health", "Authorization", BASIC).statusCode())
			.isEqualTo(200);
	}

	private static void assertRejected(HttpResponse<String> response, String detail) {
		assertThat(response.statusCode()).isEqualTo(400);
		assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
		assertThat(response.body())
			.isEqualTo("{\"title\":\"Bad Request\",\"detail\":\"" + detail + "\",\"status\":400}");
	}

	@Test
	void valuesAreConvertedToTheVariablesType() {
		UUID session = UUID.randomUUID();
		assertThat(
				app.get("/typed", "Authorization", "Bearer globex", "X-Region", "eu", "X-Session", session.toString())
					.body())
			.isEqualTo("session " + session + " " + UUID.class + ", token of globex");
	}

	@Test
	void claimTakesPrecedenceOverHeader() {
		assertThat(app.get("/values", "Authorization", "Bearer globex", "X-Region", "eu", "X-Tenant", "acme").body())
			.isEqualTo("first filter: acme, eu; tenant globex, region eu, user token");
	}

	@Test
	void headerDoesNotDecideForUserWithoutTheClaim() {
		assertThat(app.get("/values", "Authorization", "Bearer none", "X-Region", "eu", "X-Tenant", "victim").body())
			.isEqualTo("first filter: victim, eu; tenant -, region eu, user token");
	}

	@Test
	void filterOfUsersFollowsTheFilterOfContexts() {
		try (WebApp late = WebApp.start(Application.class,
				Stream.concat(Stream.of(PROPERTIES), Stream.of("contextvars.web.order=100"))
					.filter((property) -> !property.contains("management") && !property.contains("required"))
					.toArray(String[]::new))) {
			assertThat(late.get("/user", "Authorization", "Bearer globex").body()).isEqualTo("token of globex");
			late.assertClean();
		}
	}

	@Test
	void claimWithSeveralValuesIsRejected() {
		assertRejected(app.get("/values", "Authorization", "Bearer several", "X-Region", "eu"),
				"The claim 'tenant_id' has several values.");
	}

	@Test
	void nothingOverwritesWhatTheApplicationHasSet() {
		assertThat(app.get("/untouched", "Authorization", "Bearer globex", "X-Region", "eu", "X-Untouched", "header")
			.body()).isEqualTo("globex");
		assertThat(app
			.get("/untouched", "Authorization", "Bearer globex", "X-Region", "eu", "X-Untouched", "header",
					"X-Application", "initializer")
			.body()).isEqualTo("application");
		assertThat(app
			.get("/untouched", "Authorization", "Bearer globex", "X-Region", "eu", "X-Untouched", "header",
					"X-Application", "filter")
			.body()).isEqualTo("application");
	}

	@ParameterizedTest
	@ValueSource(strings = { "problem", "fails" })
	void failingInitializerFailsTheRequest(String failure) {
		HttpResponse<String> response = app.get("/values", "Authorization", BASIC, "X-Region", "eu", "X-Application",
				failure);
		if (failure.equals("problem")) {
			assertThat(response.statusCode()).isEqualTo(403);
			assertThat(response.body())
				.isEqualTo("{\"title\":\"Forbidden\",\"detail\":\"no \\u0022entry\\u0022\",\"status\":403}");
		}
		else {
			assertThat(response.statusCode()).isEqualTo(500);
		}
	}

	@Test
	void securitysChainDoesNotSeeWhatItsUserFills() {
		assertThat(app.get("/chain", "Authorization", "Bearer globex", "X-Region", "eu").body())
			.isEqualTo("in chain: -, behind: of globex");
		assertThat(app.get("/chain", "X-Region", "eu").statusCode()).isEqualTo(401);
		assertThat(app.get("/public", "X-Region", "eu").body()).isEqualTo("user -, checked -");
	}

	@Test
	void requestsAreSeparateAndTasksReadTheirValues() throws Exception {
		ExecutorService clients = Executors.newFixedThreadPool(4);
		try {
			List<Future<String>> bodies = new ArrayList<>();
			for (int i = 0; i < 240; i++) {
				String tenant = "tenant-" + i % 3;
				bodies.add(clients
					.submit(() -> app.get("/async", "Authorization", "Bearer " + tenant, "X-Region", "eu").body()));
			}
			for (int i = 0; i < bodies.size(); i++) {
				assertThat(bodies.get(i).get(30, TimeUnit.SECONDS)).isEqualTo("tenant-" + i % 3);
			}
		}
		finally {
			clients.shutdownNow();
		}
	}

	@Test
	void reportNamesVariablesThatAnyCallerChooses() {
		assertThat(entries(app)).isEmpty();
		try (WebApp unchecked = WebApp.start(Unchecked.class, "tests.frameworks=security",
				"contextvars.fill.tenant.header=X-Tenant", "contextvars.fill.user.header=X-User",
				"contextvars.fill.user.principal=true")) {
			assertThat(entries(unchecked))
				.extracting(PropagationSource.Entry::name, PropagationSource.Entry::propagates,
						PropagationSource.Entry::reason)
				.containsExactly(tuple("tenant", false, "any caller chooses its value with the header 'X-Tenant', and"
						+ " nothing compares it with the authenticated user"));
		}
	}

	private static List<PropagationSource.Entry> entries(WebApp app) {
		return app.beans(PropagationSource.class)
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.category().equals("header"))
			.toList();
	}

	@Configuration(proxyBeanMethods = false)
	static class Variables {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

		@ContextVariable
		static final ContextVar<String> REGION = ContextVar.of("region", "-");

		@ContextVariable
		static final ContextVar<String> USER = ContextVar.of("user", "-");

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Variables.class)
	static class Unchecked {

		@Bean
		static JwtDecoder decoder() {
			return (token) -> null;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import(Variables.class)
	static class Application {

		@ContextVariable
		static final ContextVar<UUID> SESSION = ContextVar.of("session");

		// Has no value where the user is of another type.
		@ContextVariable
		static final ContextVar<Jwt> TOKEN = ContextVar.of("token");

		@ContextVariable
		static final ContextVar<String> UNTOUCHED = ContextVar.of("untouched", "-");

		static final ContextVar<String> CHECKED = ContextVar.of("checked", "-");

		@Bean
		static UserDetailsService users() {
			return new InMemoryUserDetailsManager(User.withUsername("ada").password("{noop}pw").build());
		}

		@Bean
		static JwtDecoder decoder() {
			return (token) -> Jwt.withTokenValue(token).header("alg", "none").subject("token").claims((claims) -> {
				if (!token.equals("none")) {
					claims.put("tenant_id", token.equals("several") ? List.of("acme", "globex") : token);
				}
			}).build();
		}

		@Bean
		static SecurityFilterChain chain(HttpSecurity http) {
			return http
				.authorizeHttpRequests((requests) -> requests.requestMatchers("/public")
					.permitAll()
					.dispatcherTypeMatchers(DispatcherType.ERROR)
					.permitAll()
					.anyRequest()
					.authenticated())
				.httpBasic(Customizer.withDefaults())
				.oauth2ResourceServer((server) -> server.jwt(Customizer.withDefaults()))
				.addFilterAfter((request, response, chain) -> {
					request.setAttribute("in chain", Variables.USER.get());
					chain.doFilter(request, response);
				}, AuthorizationFilter.class)
				.build();
		}

		@Bean
		static AuthenticationContextInitializer checked() {
			return (authentication) -> CHECKED.set("of " + authentication.getName());
		}

		@Bean
		@Order(2)
		static RequestContextInitializer second() {
			return (request) -> {
				if ("initializer".equals(request.getHeader("X-Application"))) {
					assertThat(request.getAttribute("first")).isEqualTo(true);
				}
			};
		}

		@Bean
		@Order(1)
		static RequestContextInitializer first() {
			return (request) -> {
				request.setAttribute("first", true);
				String application = String.valueOf(request.getHeader("X-Application"));
				switch (application) {
					case "initializer" -> UNTOUCHED.set("application");
					case "problem" -> throw new ErrorResponseException(HttpStatus.FORBIDDEN,
							ProblemDetail.forStatusAndDetail(HttpStatus.FORBIDDEN, "no \"entry\""), null);
					case "fails" -> throw new IllegalStateException("planned");
					default -> {
					}
				}
			};
		}

		@Bean
		static FilterRegistrationBean<Filter> firstFilter() {
			FilterRegistrationBean<Filter> registration = new FilterRegistrationBean<>((request, response, chain) -> {
				request.setAttribute("first filter", Variables.TENANT.get() + ", " + Variables.REGION.get());
				if ("filter".equals(((HttpServletRequest) request).getHeader("X-Application"))) {
					UNTOUCHED.set("application");
				}
				chain.doFilter(request, response);
			});
			registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
			return registration;
		}

		@Bean
		static Tasks tasks() {
			return new Tasks();
		}

		static class Tasks {

			@Async
			CompletableFuture<String> tenant() {
				return CompletableFuture.completedFuture(Variables.TENANT.get());
			}

		}

		@RestController
		static class Requests {

			private final Tasks tasks;

			Requests(Tasks tasks) {
				this.tasks = tasks;
			}

			@GetMapping("/values")
			String values(HttpServletRequest request) {
				return "first filter: " + request.getAttribute("first filter") + "; tenant " + Variables.TENANT.get()
						+ ", region " + Variables.REGION.get() + ", user " + Variables.USER.get();
			}

			@GetMapping("/typed")
			String typed() {
				return "session " + SESSION.get() + " " + SESSION.get().getClass() + ", token of "
						+ TOKEN.get().getClaims().get("tenant_id");
			}

			@GetMapping("/user")
			String user() {
				return Variables.USER.get() + " of " + Variables.TENANT.get();
			}

			@GetMapping("/untouched")
			String untouched() {
				return UNTOUCHED.get();
			}

			@GetMapping("/chain")
			String chain(HttpServletRequest request) {
				return "in chain: " + request.getAttribute("in chain") + ", behind: of "
						+ TOKEN.get().getClaims().get("tenant_id");
			}

			@GetMapping("/public")
			String open() {
				return "user " + Variables.USER.get() + ", checked " + CHECKED.get();
			}

			@GetMapping("/async")
			Callable<String> async() {
				return () -> this.tasks.tenant().get(20, TimeUnit.SECONDS);
			}

		}

	}

}

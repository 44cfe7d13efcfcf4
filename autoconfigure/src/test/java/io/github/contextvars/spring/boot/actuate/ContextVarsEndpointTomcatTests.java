package io.github.contextvars.spring.boot.actuate;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.security.Principal;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import com.jayway.jsonpath.JsonPath;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

class ContextVarsEndpointTomcatTests {

	private static final String EXPOSED = "management.endpoints.web.exposure.include=contextvars";

	private static final String SHOWN = "management.endpoint.contextvars.show-values=always";

	private static final String ANONYMOUS = "";

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void listsRequestItsTaskAndTheTasksScopedMethod(Threading threading) throws Exception {
		try (WebApp app = WebApp.start(Application.class, EXPOSED, SHOWN, threading.property())) {
			Gates gates = app.bean(Gates.class);
			CompletableFuture<HttpResponse<String>> order = CompletableFuture
				.supplyAsync(() -> app.get("/orders/7;session=1?q=secret"));
			gates.awaitWorking();

			String body = app.get("/actuator/contextvars").body();
			String single = app.get("/actuator/contextvars/tenant").body();
			gates.open();
			order.join();

			assertThat(JsonPath.<List<String>>read(body, "$.contexts[*].kind")).containsExactly("request", "task",
					"scoped", "request");
			assertThat(JsonPath.<List<String>>read(body, "$.contexts[*].origin")).containsExactly("GET /orders/7",
					"OrderMail.send", "Printer.print", "GET /actuator/contextvars");
			assertThat(JsonPath.<List<Boolean>>read(body, "$.contexts[*].current")).containsExactly(false, false, false,
					true);
			List<String> ids = JsonPath.read(body, "$.contexts[*].id");
			assertThat(JsonPath.<List<String>>read(body, "$.contexts[*].parent")).containsExactly(null, ids.get(0),
					ids.get(1), null);
			assertThat(JsonPath.<Map<String, Object>>read(body, "$.contexts[2].variables"))
				.containsEntry("tenant", "printing")
				.containsEntry("password", "******")
				.containsEntry("masked", "m***")
				.containsEntry("undeclared", 42);
			assertThat(JsonPath.<String>read(body, "$.contexts[0].since")).matches("\\d{4}-.*Z");
			assertThat(JsonPath.<String>read(body, "$.contexts[1].thread")).startsWith("task-");
			assertThat(JsonPath.<Integer>read(body, "$.contextCount")).isEqualTo(4);
			assertThat(JsonPath.<List<String>>read(body, "$.variables[*].name")).containsExactlyInAnyOrder("tenant",
					"password", "masked");
			assertThat(JsonPath.<List<Map<String, Object>>>read(body, "$.variables[?(@.name == 'tenant')]"))
				.containsExactly(Map.of("name", "tenant", "declaredBy", Application.class.getName() + "#TENANT", "type",
						"java.lang.String", "hasDefault", true, "description", "Whose data", "sensitive", false,
						"contexts", 3));
			assertThat(JsonPath.<List<Map<String, Object>>>read(single, "$.contexts[*].variables"))
				.containsExactly(Map.of("tenant", "acme"), Map.of("tenant", "acme"), Map.of("tenant", "printing"));
			assertThat(JsonPath.<List<String>>read(single, "$.variables[*].name")).containsExactly("tenant");
			Awaitility.await().until(() -> app.bean(WorkRegistry.class).list().isEmpty());
			app.assertClean();
		}
	}

	@Test
	void valuesAreMaskedByDefault() throws Exception {
		assertThat(shownTo(List.of("x"), EXPOSED)).containsExactly("******");
	}

	@Test
	void valuesAreShownToRolesOnly() throws Exception {
		String when = "management.endpoint.contextvars.show-values=when-authorized";
		String roles = "management.endpoint.contextvars.roles=operator";

		assertThat(shownTo(List.of("operator", "guest", ANONYMOUS), EXPOSED, when, roles)).containsExactly("acme",
				"******", "******");
		assertThat(shownTo(List.of("guest", ANONYMOUS), EXPOSED, when)).containsExactly("acme", "******");
	}

	@Test
	void unknownVariableIsNotFound() {
		try (WebApp app = WebApp.start(Application.class, EXPOSED)) {
			assertThat(app.get("/actuator/contextvars/nothing").statusCode()).isEqualTo(404);
			assertThat(app.get("/actuator/contextvars/undeclared").statusCode()).isEqualTo(404);
			assertThat(app.get("/actuator/contextvars/tenant").statusCode()).isEqualTo(200);
		}
	}

	@Test
	void endpointIsNotExposedByDefaultAndThenNothingIsTracked() throws Exception {
		try (WebApp app = WebApp.start(Application.class)) {
			Gates gates = app.bean(Gates.class);
			CompletableFuture<HttpResponse<String>> order = CompletableFuture.supplyAsync(() -> app.get("/orders/7"));
			gates.awaitWorking();

			assertThat(app.bean(WorkRegistry.class).list()).isEmpty();
			assertThat(app.get("/actuator/contextvars").statusCode()).isEqualTo(404);
			gates.open();
			assertThat(order.join().body()).isEqualTo("acme");
			app.assertClean();
		}
	}

	@Test
	void managementPortHasContextsOfItsOwn() throws Exception {
		try (WebApp app = WebApp.start(Application.class, EXPOSED, SHOWN, "management.server.port=0")) {
			Gates gates = app.bean(Gates.class);
			CompletableFuture<HttpResponse<String>> order = CompletableFuture.supplyAsync(() -> app.get("/orders/7"));
			gates.awaitWorking();

			String body = app.get(app.managementPort(), "/actuator/contextvars").body();
			gates.open();
			order.join();

			assertThat(app.managementPort()).isNotEqualTo(app.port());
			assertThat(JsonPath.<List<String>>read(body, "$.contexts[?(@.current == true)].origin"))
				.containsExactly("GET /actuator/contextvars");
			assertThat(JsonPath.<List<String>>read(body, "$.contexts[*].kind")).containsExactly("request", "task",
					"scoped", "request");
			app.assertClean();
		}
	}

	@Test
	void managementPortWithoutOurAutoConfigurationStarts() {
		String ours = ImportCandidates.load(AutoConfiguration.class, null)
			.getCandidates()
			.stream()
			.filter((name) -> name.startsWith("io.github.contextvars."))
			.collect(Collectors.joining(","));
		try (WebApp app = WebApp.start(Plain.class, "management.server.port=0",
				"spring.autoconfigure.exclude=" + ours)) {
			assertThat(app.get(app.managementPort(), "/actuator/health").statusCode()).isEqualTo(200);
		}
	}

	private static List<String> shownTo(List<String> users, String... properties) throws Exception {
		try (WebApp app = WebApp.start(Application.class, properties)) {
			Gates gates = app.bean(Gates.class);
			CompletableFuture<HttpResponse<String>> order = CompletableFuture.supplyAsync(() -> app.get("/orders/7"));
			gates.awaitWorking();
			try {
				return users.stream()
					.map((user) -> user.equals(ANONYMOUS) ? app.get("/actuator/contextvars")
							: app.get("/actuator/contextvars", "X-User", user))
					.map((response) -> JsonPath.<String>read(response.body(), "$.contexts[0].variables.tenant"))
					.toList();
			}
			finally {
				gates.open();
				order.join();
			}
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import({ Orders.class, OrderMail.class, Printer.class, Gates.class, UserFilter.class })
	static class Application {

		@ContextVariable(description = "Whose data")
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "public");

		@ContextVariable(sensitive = true)
		static final ContextVar<String> PASSWORD = ContextVar.of("password");

		@ContextVariable
		static final ContextVar<String> MASKED = ContextVar.of("masked");

		static final ContextVar<Integer> UNDECLARED = ContextVar.of("undeclared");

		@Bean
		SanitizingFunction firstLetter() {
			return (data) -> data.getKey().equals("masked")
					? data.withValue(data.getValue().toString().charAt(0) + "***") : data;
		}

	}

	@RestController
	static class Orders {

		private final OrderMail mail;

		Orders(OrderMail mail) {
			this.mail = mail;
		}

		@GetMapping("/orders/7")
		String order() {
			Application.TENANT.set("acme");
			Application.PASSWORD.set("hunter2");
			Application.MASKED.set("masked");
			Application.UNDECLARED.set(42);
			this.mail.send().join();
			return Application.TENANT.get();
		}

	}

	static class OrderMail {

		private final Printer printer;

		OrderMail(Printer printer) {
			this.printer = printer;
		}

		@Async
		CompletableFuture<Void> send() {
			this.printer.print();
			return CompletableFuture.completedFuture(null);
		}

	}

	static class Printer {

		private final Gates gates;

		Printer(Gates gates) {
			this.gates = gates;
		}

		@ContextScoped
		void print() {
			Application.TENANT.set("printing");
			this.gates.work();
		}

	}

	static class Gates {

		private final CountDownLatch working = new CountDownLatch(1);

		private final CountDownLatch opened = new CountDownLatch(1);

		void work() {
			this.working.countDown();
			await(this.opened);
		}

		void awaitWorking() {
			await(this.working);
		}

		void open() {
			this.opened.countDown();
		}

		private static void await(CountDownLatch latch) {
			try {
				assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Plain {

	}

	// Logs in whoever says so, with the name for a role.
	static class UserFilter extends OncePerRequestFilter {

		@Override
		protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
				throws ServletException, IOException {
			String user = request.getHeader("X-User");
			chain.doFilter((user != null) ? new HttpServletRequestWrapper(request) {

				@Override
				public Principal getUserPrincipal() {
					return () -> user;
				}

				@Override
				public boolean isUserInRole(String role) {
					return user.equals(role);
				}

			} : request, response);
		}

	}

}

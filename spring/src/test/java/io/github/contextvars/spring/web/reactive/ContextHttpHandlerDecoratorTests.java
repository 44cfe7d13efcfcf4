package io.github.contextvars.spring.web.reactive;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.context.ReactiveSecurityContextHolder;
import org.springframework.web.ErrorResponseException;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.fill.AuthenticationFiller;
import io.github.contextvars.spring.fill.ContextFillConfiguration;
import io.github.contextvars.spring.fill.FillRules;
import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.remote.ContextRemoteConfiguration;
import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.remote.RemoteTrust;
import io.github.contextvars.spring.threadlocal.ReactorContextVars;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests of the context of a request, and of what fills it:
 * {@link ContextHttpHandlerDecorator}, {@link RequestFiller} and
 * {@link AuthenticationContextWebFilter}.
 */
class ContextHttpHandlerDecoratorTests {

	private final WorkRegistry registry = WorkRegistry.tracking();

	private final MockServerHttpRequest request = MockServerHttpRequest.get("/notes;id=1/first;id=2").build();

	private final MockServerHttpResponse response = new MockServerHttpResponse();

	private final List<String> seen = new ArrayList<>();

	private final HttpHandler handler = (request, response) -> Mono.deferContextual(this::see);

	@Test
	void requestIsListedWhileItIsHandled() {
		new ContextHttpHandlerDecorator(this.registry).apply(this.handler).handle(this.request, this.response).block();

		assertThat(this.seen).containsExactly("GET /notes/first: -");
		assertThat(this.registry.list()).isEmpty();
		assertThat(new ContextHttpHandlerDecorator(this.registry).getOrder()).isEqualTo(Ordered.HIGHEST_PRECEDENCE);
	}

	@Test
	void requestThatHasAContextKeepsIt() {
		HttpHandler inner = new ContextHttpHandlerDecorator(this.registry).apply(this.handler);

		handle(inner, (request, filled) -> Variables.TENANT.set("acme"));

		assertThat(this.seen).containsExactly("GET /notes/first: acme");
	}

	@Test
	void failureToFillIsAnsweredIfItIsTheCallersFault() {
		ErrorResponseException failure = new ErrorResponseException(HttpStatus.FORBIDDEN,
				ProblemDetail.forStatusAndDetail(HttpStatus.FORBIDDEN, "no entry"), null);
		failure.getHeaders().add("X-Reason", "planned");

		handle(this.handler, (request, filled) -> {
			throw failure;
		});

		assertThat(this.seen).isEmpty();
		assertThat(this.response.getStatusCode()).isEqualTo(HttpStatus.FORBIDDEN);
		assertThat(this.response.getHeaders().getFirst("X-Reason")).isEqualTo("planned");
		assertThat(this.response.getBodyAsString().block()).contains("no entry");
		assertThat(this.registry.list()).isEmpty();
		this.response.setComplete().block();
		assertThatExceptionOfType(ErrorResponseException.class)
			.isThrownBy(() -> handle(this.handler, (request, filled) -> {
				throw failure;
			}));
	}

	@Test
	void failureToFillIsThrownIfItIsNotTheCallersFault() {
		assertThatIllegalStateException().isThrownBy(() -> handle(this.handler, (request, filled) -> {
			throw new IllegalStateException("planned");
		})).withMessage("planned");

		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void anotherProcessThenHeadersThenTheApplicationFillARequest() {
		try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(Variables.class,
				ContextFillConfiguration.class, ContextRemoteConfiguration.class)) {
			RequestFiller filler = new RequestFiller(() -> beans.getBean(RemoteReceiver.class),
					beans.getBean(FillRules.class),
					List.of((request) -> Variables.TENANT.set(Variables.TENANT.get() + "+application")));
			handle(MockServerHttpRequest.get("/").header("X-Tenant", "sent").build(), filler);
			handle(MockServerHttpRequest.get("/").header("X-Tenant", "sent").header("X-Filled", "header").build(),
					filler);
			handle(MockServerHttpRequest.get("/").header("X-Tenant", "distrusted").build(), filler);
		}

		assertThat(this.seen).containsExactly("GET /: sent+application", "GET /: header+application",
				"GET /: -+application");
	}

	@Test
	void requestWithoutRequiredHeaderIsAnsweredUnlessItIsPreflight() {
		try (AnnotationConfigApplicationContext beans = beans(true)) {
			RequestFiller filler = new RequestFiller(() -> null, beans.getBean(FillRules.class), List.of());
			handle(MockServerHttpRequest.options("http://localhost/")
				.header("Origin", "https://acme.example")
				.header("Access-Control-Request-Method", "GET")
				.build(), filler);
			assertThat(this.seen).containsExactly("OPTIONS /: -");

			handle(this.handler, filler);
		}
		assertThat(this.seen).hasSize(1);
		assertThat(this.response.getStatusCode()).isEqualTo(HttpStatus.BAD_REQUEST);
	}

	@Test
	void authenticatedUserFillsTheContextOfTheRequest() {
		TestingAuthenticationToken user = new TestingAuthenticationToken("ada", "password");
		user.setAuthenticated(true);

		authenticate(Users.class, user, (request, filled) -> {
		}, this.request);

		assertThat(this.seen).containsExactly("GET /notes/first: ada");
	}

	@Test
	void authenticatedUserFillsWhatAFilterHasReplaced() {
		TestingAuthenticationToken user = new TestingAuthenticationToken("ada", "password");
		user.setAuthenticated(true);
		ContextVar<String> filters = ContextVar.of("filter", "-");
		List<String> values = new ArrayList<>();

		try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(Users.class,
				ContextFillConfiguration.class)) {
			HttpHandler chain = (request, response) -> filter(beans)
				.filter(MockServerWebExchange.from(this.request), (exchange) -> Mono.deferContextual((view) -> {
					ReactorContextVars.snapshotOf(view)
						.run(() -> values.add(Variables.TENANT.get() + " " + filters.get()));
					return see(view);
				}))
				.contextWrite(ReactiveSecurityContextHolder.withAuthentication(user))
				.contextWrite(ReactorContextVars.with(filters, "set"));
			handle(chain, (request, filled) -> {
			});
		}

		assertThat(values).containsExactly("ada set");
		assertThat(this.seen).containsExactly("GET /notes/first: ada");
	}

	@Test
	void requestWithoutRequiredUserIsAnsweredUnlessItIsPreflight() {
		authenticate(Users.class, null, (request, filled) -> {
		}, MockServerHttpRequest.options("http://localhost/")
			.header("Origin", "https://acme.example")
			.header("Access-Control-Request-Method", "GET")
			.build());
		assertThat(this.seen).hasSize(1);

		MockServerWebExchange exchange = authenticate(Users.class, null, (request, filled) -> {
		}, this.request);
		assertThat(this.seen).hasSize(1);
		assertThat(exchange.getResponse().getStatusCode()).isEqualTo(HttpStatus.BAD_REQUEST);
	}

	@Test
	void userFillsNothingOfARequestThatIsNotTheApplications() {
		authenticate(Users.class, null, null, this.request);
		authenticate(Variables.class, null, (request, filled) -> {
		}, this.request);

		assertThat(this.seen).containsExactly("GET /notes/first: -", "GET /notes/first: -");
		try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(Users.class,
				ContextFillConfiguration.class)) {
			List<String> passed = new ArrayList<>();
			filter(beans)
				.filter(MockServerWebExchange.from(this.request),
						(exchange) -> Mono.fromRunnable(() -> passed.add("passed")))
				.block();
			assertThat(passed).hasSize(1);
			assertThat(filter(beans).getOrder()).isEqualTo(-99);
		}
	}

	private MockServerWebExchange authenticate(Class<?> variables, TestingAuthenticationToken user,
			BiConsumer<ServerHttpRequest, FilledValues> filler, MockServerHttpRequest sent) {
		MockServerWebExchange exchange = MockServerWebExchange.from(sent);
		try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(variables,
				ContextFillConfiguration.class)) {
			HttpHandler chain = (request, response) -> filter(beans)
				.filter(exchange, (passed) -> Mono.deferContextual(this::see))
				.contextWrite((context) -> (user != null)
						? context.putAll(ReactiveSecurityContextHolder.withAuthentication(user).readOnly()) : context);
			new ContextHttpHandlerDecorator(this.registry, filler).apply(chain).handle(sent, this.response).block();
		}
		return exchange;
	}

	private static AuthenticationContextWebFilter filter(AnnotationConfigApplicationContext beans) {
		return new AuthenticationContextWebFilter(beans.getBean(AuthenticationFiller.class),
				beans.getBean(FillRules.class));
	}

	private void handle(MockServerHttpRequest sent, RequestFiller filler) {
		new ContextHttpHandlerDecorator(this.registry, filler).apply(this.handler).handle(sent, this.response).block();
	}

	private void handle(HttpHandler behind, BiConsumer<ServerHttpRequest, FilledValues> filler) {
		new ContextHttpHandlerDecorator(this.registry, filler).apply(behind)
			.handle(this.request, this.response)
			.block();
	}

	private Mono<Void> see(ContextView view) {
		assertThat(this.registry.list()).hasSize(1);
		UnitOfWork unit = this.registry.list().get(0);
		assertThat(unit.kind()).isEqualTo(UnitOfWork.Kind.REQUEST);
		ReactorContextVars.snapshotOf(Context.of(view))
			.run(() -> this.seen.add(unit.origin() + ": " + Variables.TENANT.get()));
		return Mono.empty();
	}

	private static AnnotationConfigApplicationContext beans(boolean required) {
		AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext();
		beans.register(Variables.class, ContextFillConfiguration.class);
		beans.registerBean("required", ContextFillConfiguration.Settings.class,
				() -> settings(null, false, "X-Filled", required), (definition) -> definition.setPrimary(true));
		beans.refresh();
		return beans;
	}

	private static ContextFillConfiguration.Settings settings(String claim, boolean principal, String header,
			boolean required) {
		return new ContextFillConfiguration.Settings(Map.of("tenant", new ContextFillConfiguration.Variable(claim,
				principal, header, ContextFillConfiguration.Variable.DEFAULT_PATTERN, required)));
	}

	@Configuration(proxyBeanMethods = false)
	static class Variables {

		@ContextVariable(header = "X-Tenant")
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

		@Bean
		ContextFillConfiguration.Settings rules() {
			return settings(null, false, "X-Filled", false);
		}

		@Bean
		ContextRemoteConfiguration.Settings remote() {
			return new ContextRemoteConfiguration.Settings(Set.of(), Set.of(), Set.of("tenant"), Set.of(),
					ContextRemoteConfiguration.Format.HEADERS, false);
		}

		@Bean
		RemoteTrust trust() {
			return (transport, address, carrier) -> transport.equals("http")
					&& !"distrusted".equals(((ServerHttpRequest) carrier).getHeaders().getFirst("X-Tenant"));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Users extends Variables {

		@Bean
		@Override
		ContextFillConfiguration.Settings rules() {
			return settings(null, true, null, true);
		}

	}

}

package io.github.contextvars.spring.web.servlet;

import java.util.Map;
import java.util.Set;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.mock.web.MockFilterChain;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.context.SecurityContextHolder;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.fill.AuthenticationFiller;
import io.github.contextvars.spring.fill.ContextFillConfiguration;
import io.github.contextvars.spring.fill.FillRules;
import io.github.contextvars.spring.remote.ContextRemoteConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of what fills the context of a request: {@link RemoteContextInitializer},
 * {@link AuthenticationContextFilter} and the initializer for headers.
 */
class RequestContextInitializerTests {

	private static final String PATTERN = ContextFillConfiguration.Variable.DEFAULT_PATTERN;

	private final MockHttpServletRequest request = new MockHttpServletRequest("GET", "/notes");

	private final MockHttpServletResponse response = new MockHttpServletResponse();

	private String seen = "not called";

	@AfterEach
	void clearUser() {
		SecurityContextHolder.clearContext();
	}

	@Test
	void headersAndTheUserFillARequest() throws Exception {
		this.request.addHeader("X-Tenant", "acme");
		authenticate("ada");

		filter(Variables.class);

		assertThat(this.seen).isEqualTo("acme ada");
	}

	@Test
	void requestWithoutRequiredHeaderIsAnswered() throws Exception {
		authenticate("ada");

		filter(Variables.class);

		assertThat(this.seen).isEqualTo("not called");
		assertThat(this.response.getStatus()).isEqualTo(400);
		assertThat(this.response.getContentType()).isEqualTo("application/problem+json");
		assertThat(this.response.getContentAsString()).contains("The header 'X-Tenant' is missing.");
	}

	@Test
	void requestWithoutRequiredUserIsAnswered() throws Exception {
		this.request.addHeader("X-Tenant", "acme");

		filter(Variables.class);

		assertThat(this.seen).isEqualTo("not called");
		assertThat(this.response.getStatus()).isEqualTo(400);
		assertThat(this.response.getContentAsString()).contains("The authenticated user is missing.");
	}

	@Test
	void preflightRequestNeedsNoValues() throws Exception {
		this.request.setMethod("OPTIONS");
		this.request.addHeader("Origin", "https://acme.example");
		this.request.addHeader("Access-Control-Request-Method", "GET");

		filter(Variables.class);

		assertThat(this.seen).isEqualTo("- -");
	}

	@Test
	void userFillsNothingOfARequestInNoContext() throws Exception {
		authenticate("ada");

		try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(Variables.class,
				ContextWebConfiguration.Filling.class)) {
			new MockFilterChain(servlet(), userFilter(beans)).doFilter(this.request, this.response);
		}

		assertThat(this.seen).isEqualTo("- -");
		assertThat(this.response.getStatus()).isEqualTo(200);
	}

	@Test
	void anotherProcessFillsARequestOfATrustedAddress() throws Exception {
		this.request.addHeader("X-Tenant", "acme");
		this.request.addHeader("X-User", "ada");
		this.request.addHeader("X-Contextvars-Unit", "0123456789abcdef");
		filter(Remote.class, ContextRemoteConfiguration.class);
		assertThat(this.seen).isEqualTo("acme -");

		MockHttpServletRequest trusted = new MockHttpServletRequest("GET", "/notes");
		trusted.addHeader("X-Tenant", "acme");
		trusted.addHeader("X-User", "ada");
		trusted.setAttribute(ContextFilter.PEER_ADDRESS, "10.1.2.3");
		filter(trusted, Remote.class, ContextRemoteConfiguration.class);
		assertThat(this.seen).isEqualTo("acme ada");
	}

	private void filter(Class<?>... configurations) throws Exception {
		filter(this.request, configurations);
	}

	private void filter(MockHttpServletRequest request, Class<?>... configurations) throws Exception {
		try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext()) {
			beans.register(ContextWebConfiguration.Filling.class);
			beans.register(configurations);
			beans.refresh();
			ContextFilter filter = new ContextFilter(WorkRegistry.tracking(),
					beans.getBeanProvider(RequestContextInitializer.class).orderedStream().toList());
			new MockFilterChain(servlet(), filter, userFilter(beans)).doFilter(request, this.response);
		}
	}

	private static AuthenticationContextFilter userFilter(AnnotationConfigApplicationContext beans) {
		return new AuthenticationContextFilter(beans.getBean(AuthenticationFiller.class),
				beans.getBean(FillRules.class));
	}

	private HttpServlet servlet() {
		return new HttpServlet() {

			private static final long serialVersionUID = 1L;

			@Override
			protected void service(HttpServletRequest request, HttpServletResponse response) {
				RequestContextInitializerTests.this.seen = Variables.TENANT.get() + " " + Variables.USER.get();
			}

		};
	}

	private static void authenticate(String name) {
		TestingAuthenticationToken token = new TestingAuthenticationToken(name, "password");
		token.setAuthenticated(true);
		SecurityContextHolder.getContext().setAuthentication(token);
	}

	@Configuration(proxyBeanMethods = false)
	static class Variables {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

		@ContextVariable(header = "X-User")
		static final ContextVar<String> USER = ContextVar.of("user", "-");

		@Bean
		ContextFillConfiguration.Settings rules() {
			return new ContextFillConfiguration.Settings(
					Map.of("tenant", new ContextFillConfiguration.Variable(null, false, "X-Tenant", PATTERN, true),
							"user", new ContextFillConfiguration.Variable(null, true, null, PATTERN, true)));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Remote extends Variables {

		@Bean
		@Override
		ContextFillConfiguration.Settings rules() {
			return new ContextFillConfiguration.Settings(
					Map.of("tenant", new ContextFillConfiguration.Variable(null, false, "X-Tenant", PATTERN, true)));
		}

		@Bean
		ContextRemoteConfiguration.Settings settings() {
			return new ContextRemoteConfiguration.Settings(Set.of(), Set.of(), Set.of("user"), Set.of("10.0.0.0/8"),
					ContextRemoteConfiguration.Format.HEADERS, false);
		}

	}

}

package io.github.contextvars.spring.docs;

import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpStatus;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.fill.AuthenticationContextInitializer;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.web.servlet.RequestContextInitializer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The examples of how variables are filled from requests.
 */
class FillExamplesTests {

	private static final String ADA = "Basic YWRhOnB3"; // ada:pw

	@Test
	void tenantIsComparedWithTheUsers() {
		try (WebApp app = WebApp.start(Application.class, "tests.frameworks=security",
				"contextvars.fill.tenant.header=X-Tenant")) {
			assertThat(app.get("/", "Authorization", ADA, "X-Tenant", "acme").body()).isEqualTo("acme in fr");
			assertThat(app.get("/", "Authorization", ADA, "X-Tenant", "globex").body())
				.isEqualTo("{\"title\":\"Forbidden\",\"detail\":\"Not your tenant\",\"status\":403}");
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable
		static final ContextVar<String> LANGUAGE = ContextVar.of("language", "en");

		@Bean
		static UserDetailsService users() {
			return new InMemoryUserDetailsManager(
					User.withUsername("ada").password("{noop}pw").authorities("tenant:acme").build());
		}

		// tag::fill-check[]
		@Bean
		AuthenticationContextInitializer tenantCheck() {
			return (authentication) -> {
				String authority = "tenant:" + TENANT.get();
				if (authentication.getAuthorities().stream().noneMatch((one) -> authority.equals(one.getAuthority()))) {
					throw new ResponseStatusException(HttpStatus.FORBIDDEN, "Not your tenant");
				}
			};
		}
		// end::fill-check[]

		// tag::fill-initializer[]
		@Bean
		RequestContextInitializer language() {
			return (request) -> LANGUAGE.set(request.getServerName().endsWith(".de") ? "de" : "fr");
		}
		// end::fill-initializer[]

		@RestController
		static class Requests {

			@GetMapping("/")
			String show() {
				return TENANT.get() + " in " + LANGUAGE.get();
			}

		}

	}

}

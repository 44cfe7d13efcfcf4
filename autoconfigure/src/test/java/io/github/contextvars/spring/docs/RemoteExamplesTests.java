package io.github.contextvars.spring.docs;

import jakarta.servlet.http.HttpServletRequest;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.remote.RemoteTrust;
import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The examples of values that cross processes.
 */
class RemoteExamplesTests {

	@Test
	void tenantCrosses() {
		try (WebApp orders = WebApp.start(Application.class, "contextvars.remote.receive=tenant",
				"contextvars.remote.receive-from=127.0.0.1");
				WebApp shop = WebApp.start(Application.class, "contextvars.remote.send=tenant",
						"contextvars.remote.send-to=127.0.0.1")) {
			String seen = new Context().call(() -> {
				Application.TENANT.set("acme");
				return shop.bean(RestClient.Builder.class)
					.build()
					.get()
					.uri("http://127.0.0.1:" + orders.port() + "/")
					.retrieve()
					.body(String.class);
			});
			assertThat(seen).isEqualTo("acme");
			assertThat(shop.bean(RemoteTrust.class).isTrusted("kafka", null, "record")).isFalse();
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		// tag::remote-variable[]
		@ContextVariable(description = "Whose data this request may touch", header = "X-Tenant")
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		// end::remote-variable[]

		// tag::remote-trust[]
		@Bean
		RemoteTrust certificateTrust() {
			return (transport, address, carrier) -> carrier instanceof HttpServletRequest request
					&& request.getAttribute("jakarta.servlet.request.X509Certificate") != null;
		}
		// end::remote-trust[]

		@RestController
		static class Requests {

			@GetMapping("/")
			String show() {
				return TENANT.get();
			}

		}

	}

}

package io.github.contextvars.spring.docs;

import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The examples of docs/reference/annotations.md and docs/reference/observability.md.
 */
class AnnotationExamplesTests {

	@Test
	void parametersAreBoundToValuesAndDefaults() {
		try (WebApp app = WebApp.start(Shop.class)) {
			assertThat(app.get("/greeting").body()).isEqualTo("public reads 0");
		}
	}

	@Test
	void scopedMethodKeepsItsValuesToItself() {
		try (WebApp app = WebApp.start(Shop.class)) {
			Stock stock = app.bean(Stock.class);
			new Context().run(() -> {
				Variables.TENANT.set("acme");
				assertThat(stock.importAll("globex")).isEqualTo("Imported for globex");
				assertThat(Variables.TENANT.get()).isEqualTo("acme");
				assertThat(stock.fulfil(new Order("globex"))).isEqualTo("Sent to globex");
				assertThat(Variables.TENANT.get()).isEqualTo("acme");
				assertThat(stock.tenantOfReport()).isEqualTo("public");
			});
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableScheduling
	@Import({ Tickets.class, Variables.class, Pages.class, Stock.class })
	static class Shop {

	}

	static final class Variables {

		// tag::declare-field[]
		@ContextVariable(description = "Whose data this request may touch")
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "public");

		// end::declare-field[]

		// tag::declare-shown[]
		@ContextVariable(description = "Who is asking", logged = true, observed = true)
		static final ContextVar<String> USER = ContextVar.of("user");

		// end::declare-shown[]

	}

	@Configuration(proxyBeanMethods = false)
	static class Tickets {

		// tag::declare-bean[]
		@Bean
		@ContextVariable(description = "The ticket that the client presented", sensitive = true)
		ContextVar<String> ticket() {
			return ContextVar.of("ticket");
		}
		// end::declare-bean[]

	}

	@RestController
	static class Pages {

		// tag::from-context[]
		@GetMapping("/greeting")
		String greeting(@FromContext("tenant") String name, @FromContext(defaultValue = "0") int ticket) {
			return name + " reads " + ticket;
		}
		// end::from-context[]

	}

	static class Stock {

		// tag::context-scoped[]
		@ContextScoped
		String importAll(String otherTenant) {
			Variables.TENANT.set(otherTenant);
			return "Imported for " + Variables.TENANT.get();
		}
		// end::context-scoped[]

		// tag::context-setting[]
		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "#order.tenant"))
		String fulfil(Order order) {
			return "Sent to " + Variables.TENANT.get();
		}
		// end::context-setting[]

		@ContextScoped(fresh = true)
		String tenantOfReport() {
			return Variables.TENANT.get();
		}

	}

	public record Order(String tenant) {

	}

}

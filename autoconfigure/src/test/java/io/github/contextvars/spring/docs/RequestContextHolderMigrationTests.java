package io.github.contextvars.spring.docs;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.stereotype.Component;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.annotation.RequestScope;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The code of docs/how-to/migrate-from-request-context-holder.md, before, during and
 * after.
 */
class RequestContextHolderMigrationTests {

	private final ExecutorService pool = Executors.newSingleThreadExecutor();

	@AfterEach
	void shutDown() {
		this.pool.shutdownNow();
		RequestContextHolder.resetRequestAttributes();
	}

	@Test
	void before() {
		try (AnnotationConfigWebApplicationContext context = new AnnotationConfigWebApplicationContext()) {
			context.register(Before.CurrentTenant.class);
			context.refresh();
			MockHttpServletRequest request = new MockHttpServletRequest();
			request.addHeader("X-Tenant", "acme");
			RequestContextHolder.setRequestAttributes(new ServletRequestAttributes(request));
			Before.CurrentTenant tenant = context.getBean(Before.CurrentTenant.class);
			tenant.setName("acme");

			assertThat(tenant.getName()).isEqualTo("acme");
			assertThat(Before.tenant()).isEqualTo("acme");
			assertThat(CompletableFuture.supplyAsync(tenant::getName, this.pool)).failsWithin(10, TimeUnit.SECONDS)
				.withThrowableThat()
				.withMessageContaining("Scope 'request' is not active for the current thread");
			assertThat(CompletableFuture.supplyAsync(Before::tenant, this.pool)).failsWithin(10, TimeUnit.SECONDS)
				.withThrowableThat()
				.withMessageContaining("No thread-bound request found");
		}
	}

	@Test
	void duringAndAfter() {
		try (WebApp app = WebApp.start(Application.class, "contextvars.thread-locals=request",
				"contextvars.fill.tenant.header=X-Tenant")) {
			assertThat(app.get("/scope", "X-Tenant", "acme").body()).isEqualTo("acme");
			assertThat(app.get("/holder", "X-Tenant", "acme").body()).isEqualTo("acme");
			assertThat(app.get("/filled", "X-Tenant", "acme").body()).isEqualTo("acme");
			assertThat(app.get("/set", "X-Tenant", "acme").body()).isEqualTo("globex");
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import({ Before.CurrentTenant.class, After.CurrentTenant.class, Mail.class, Orders.class })
	static class Application {

	}

	static class Before {

		// tag::request-before-holder[]
		static String tenant() {
			var attributes = (ServletRequestAttributes) RequestContextHolder.currentRequestAttributes();
			return attributes.getRequest().getHeader("X-Tenant");
		}
		// end::request-before-holder[]

		// tag::request-before-bean[]
		@Component
		@RequestScope
		static class CurrentTenant {

			private String name;

			String getName() {
				return this.name;
			}

			void setName(String name) {
				this.name = name;
			}

		}
		// end::request-before-bean[]

	}

	static class After {

		// tag::request-after-bean[]
		@Component
		static class CurrentTenant {

			@ContextVariable(description = "Whose data this request may touch")
			static final ContextVar<String> TENANT = ContextVar.of("tenant");

			String getName() {
				return TENANT.get();
			}

			void setName(String name) {
				TENANT.set(name);
			}

		}
		// end::request-after-bean[]

	}

	static class Mail {

		private final Before.CurrentTenant before;

		private final After.CurrentTenant after;

		Mail(Before.CurrentTenant before, After.CurrentTenant after) {
			this.before = before;
			this.after = after;
		}

		@Async
		CompletableFuture<String> fromScope() {
			return CompletableFuture.completedFuture(this.before.getName());
		}

		@Async
		CompletableFuture<String> fromHolder() {
			return CompletableFuture.completedFuture(Before.tenant());
		}

		@Async
		CompletableFuture<String> fromVariable() {
			return CompletableFuture.completedFuture(this.after.getName());
		}

	}

	@RestController
	record Orders(Mail mail, Before.CurrentTenant before, After.CurrentTenant after) {

		@GetMapping("/scope")
		CompletableFuture<String> scope(@RequestHeader("X-Tenant") String tenant) {
			this.before.setName(tenant);
			return this.mail.fromScope();
		}

		@GetMapping("/holder")
		String holder() {
			return this.mail.fromHolder().join();
		}

		@GetMapping("/set")
		CompletableFuture<String> set() {
			this.after.setName("globex");
			return this.mail.fromVariable();
		}

		@GetMapping("/filled")
		CompletableFuture<String> filled() {
			return this.mail.fromVariable();
		}

	}

}

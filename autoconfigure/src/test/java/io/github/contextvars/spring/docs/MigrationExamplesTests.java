package io.github.contextvars.spring.docs;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.threadlocal.ContextThreadLocal;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The application of docs/how-to/migrate-from-threadlocal.md, before and after.
 */
class MigrationExamplesTests {

	@Test
	void beforeValueIsLostAndStaysOnTheThread() throws Exception {
		ExecutorService pool = Executors.newSingleThreadExecutor();
		try {
			// tag::migrate-before[]
			// A task does not have the value of the request that submits it.
			Before.TENANT.set("acme");
			assertThat(pool.submit(() -> Before.TENANT.get()).get()).isNull();

			// What a task leaves on its thread, the next one reads.
			pool.submit(() -> Before.TENANT.set("acme")).get();
			Before.TENANT.set("globex");
			assertThat(pool.submit(() -> Before.TENANT.get()).get()).isEqualTo("acme");
			// end::migrate-before[]
		}
		finally {
			Before.TENANT.remove();
			pool.shutdownNow();
		}
	}

	@Test
	void before() {
		assertThat(tenantOfAsyncMethod(Before.class)).isEqualTo("acme");
	}

	@Test
	void after() {
		assertThat(tenantOfAsyncMethod(After.class)).isEqualTo("acme");
	}

	@Test
	void oneReaderAtATime() {
		new Context().run(() -> {
			TenantHolder.set("acme");
			assertThat(TenantHolder.get()).isEqualTo("acme");
			assertThat(TenantHolder.TENANT.get()).isEqualTo("acme");
			assertThat(CompletableFuture.supplyAsync(Context.copyOfCurrent().wrapSupplier(TenantHolder::get)).join())
				.isEqualTo("acme");
		});
	}

	private static String tenantOfAsyncMethod(Class<?> application) {
		try (WebApp app = WebApp.start(application)) {
			return app.get("/tenant", "X-Tenant", "acme").body();
		}
	}

	// tag::migrate-holder[]
	static final class TenantHolder {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		private static final ThreadLocal<String> CURRENT = ContextThreadLocal.of(TENANT);

		static String get() {
			return CURRENT.get();
		}

		static void set(String tenant) {
			CURRENT.set(tenant);
		}

	}

	// end::migrate-holder[]

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import(Before.Page.class)
	static class Before {

		// tag::migrate-before-variable[]
		static final ThreadLocal<String> TENANT = new ThreadLocal<>();

		// end::migrate-before-variable[]

		@Bean
		TenantFilter tenantFilter() {
			return new TenantFilter();
		}

		@Bean
		Worker worker() {
			return new Worker();
		}

		@Bean
		TaskDecorator tenantDecorator() {
			return (task) -> {
				String tenant = TENANT.get();
				return () -> {
					TENANT.set(tenant);
					try {
						task.run();
					}
					finally {
						TENANT.remove();
					}
				};
			};
		}

		// tag::migrate-before-filter[]
		static class TenantFilter extends OncePerRequestFilter {

			@Override
			protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
					throws ServletException, IOException {
				TENANT.set(request.getHeader("X-Tenant"));
				try {
					chain.doFilter(request, response);
				}
				finally {
					TENANT.remove();
				}
			}

		}
		// end::migrate-before-filter[]

		static class Worker {

			@Async
			CompletableFuture<String> tenant() {
				return CompletableFuture.completedFuture(TENANT.get());
			}

		}

		@RestController
		record Page(Worker worker) {

			@GetMapping("/tenant")
			CompletableFuture<String> tenant() {
				return this.worker.tenant();
			}

		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import(After.Page.class)
	static class After {

		// tag::migrate-after-variable[]
		@ContextVariable(description = "Whose data this request may touch")
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		// end::migrate-after-variable[]

		@Bean
		TenantFilter tenantFilter() {
			return new TenantFilter();
		}

		@Bean
		Worker worker() {
			return new Worker();
		}

		// tag::migrate-after-filter[]
		static class TenantFilter extends OncePerRequestFilter {

			@Override
			protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
					throws ServletException, IOException {
				TENANT.set(request.getHeader("X-Tenant"));
				chain.doFilter(request, response);
			}

		}
		// end::migrate-after-filter[]

		static class Worker {

			@Async
			CompletableFuture<String> tenant() {
				return CompletableFuture.completedFuture(TENANT.get());
			}

		}

		@RestController
		record Page(Worker worker) {

			@GetMapping("/tenant")
			CompletableFuture<String> tenant() {
				return this.worker.tenant();
			}

		}

	}

}

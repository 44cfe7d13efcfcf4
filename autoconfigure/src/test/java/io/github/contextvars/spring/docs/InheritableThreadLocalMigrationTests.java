package io.github.contextvars.spring.docs;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The code of docs/how-to/migrate-from-inheritable-thread-local.md, before and after.
 */
@ExtendWith(OutputCaptureExtension.class)
class InheritableThreadLocalMigrationTests {

	private final ExecutorService pool = Executors.newSingleThreadExecutor();

	@AfterEach
	void shutDown() {
		this.pool.shutdownNow();
		Before.TENANT.remove();
		TenantHolder.INHERITED.remove();
	}

	@Test
	void beforePoolKeepsTheFirstValue() throws Exception {
		// tag::inheritable-before[]
		// The first request: the pool creates its thread, which inherits the value.
		Before.TENANT.set("acme");
		assertThat(this.pool.submit(() -> Before.TENANT.get()).get()).isEqualTo("acme");

		// The second request: the thread still has the value of the first one.
		Before.TENANT.set("globex");
		assertThat(this.pool.submit(() -> Before.TENANT.get()).get()).isEqualTo("acme");
		// end::inheritable-before[]
	}

	@Test
	void afterEachTaskHasTheValueOfItsSubmitter() throws Exception {
		// tag::inheritable-after[]
		ExecutorService executor = ContextExecutors.wrap(this.pool);
		// end::inheritable-after[]

		for (String tenant : new String[] { "acme", "globex" }) {
			String seen = new Context().call(() -> {
				After.TENANT.set(tenant);
				return executor.submit(() -> After.TENANT.get()).get();
			});
			assertThat(seen).isEqualTo(tenant);
		}
	}

	@Test
	void afterThreadHasTheValueOfItsCreator() throws Exception {
		CompletableFuture<String> plain = new CompletableFuture<>();
		CompletableFuture<String> wrapped = new CompletableFuture<>();
		new Context().run(() -> {
			After.TENANT.set("acme");
			new Thread(() -> plain.complete(After.TENANT.get("nothing"))).start();
			Runnable task = () -> wrapped.complete(After.TENANT.get("nothing"));
			// tag::inheritable-thread[]
			new Thread(Context.copyOfCurrent().wrap(task)).start();
			// end::inheritable-thread[]
		});

		assertThat(plain.get(10, TimeUnit.SECONDS)).isEqualTo("nothing");
		assertThat(wrapped.get(10, TimeUnit.SECONDS)).isEqualTo("acme");
	}

	@Test
	void holderReportsWhereTheValuesDiffer(CapturedOutput output) throws Exception {
		ExecutorService executor = ContextExecutors.wrap(this.pool);

		request("acme", executor);
		assertThat(output).doesNotContain("InheritableThreadLocal");

		request("globex", executor);
		assertThat(output).contains("Tenant is acme in the InheritableThreadLocal and globex in the context");
	}

	private static void request(String tenant, ExecutorService executor) throws Exception {
		new Context().call(() -> {
			TenantHolder.set(tenant);
			return executor.submit(TenantHolder::get).get();
		});
	}

	static final class Before {

		// tag::inheritable-before-variable[]
		static final ThreadLocal<String> TENANT = new InheritableThreadLocal<>();

		// end::inheritable-before-variable[]

	}

	static final class After {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

	}

	// tag::inheritable-compare[]
	static final class TenantHolder {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		private static final ThreadLocal<String> INHERITED = new InheritableThreadLocal<>();

		private static final Logger logger = LoggerFactory.getLogger(TenantHolder.class);

		static void set(String tenant) {
			INHERITED.set(tenant);
			TENANT.set(tenant);
		}

		static String get() {
			String inherited = INHERITED.get();
			String current = TENANT.get(null);
			if (!Objects.equals(inherited, current)) {
				logger.warn("Tenant is {} in the InheritableThreadLocal and {} in the context", inherited, current,
						new IllegalStateException("Read here"));
			}
			return inherited;
		}

	}
	// end::inheritable-compare[]

}

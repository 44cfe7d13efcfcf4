package io.github.contextvars.demo;

import java.lang.reflect.Method;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.springframework.aop.interceptor.AsyncUncaughtExceptionHandler;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.AsyncConfigurer;
import org.springframework.test.context.TestPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

/**
 * Tests that tenants stay isolated when there are far more concurrent requests than
 * threads, with counter-checks: without the library's parts values are lost or mixed up.
 */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
		properties = { "server.tomcat.threads.max=4", "spring.task.execution.pool.core-size=2" })
class IsolationTests {

	private static final List<String> TENANTS = List.of("acme", "globex");

	private TenantDatabases databases;

	private LoadGenerator loadGenerator;

	@Autowired
	void setUp(TenantDataSource dataSource, @LocalServerPort int port) {
		this.databases = new TenantDatabases(dataSource);
		this.loadGenerator = new LoadGenerator(port);
	}

	@Test
	void runWhenClientsOutnumberThreadsIsolatesTenants() {
		List<LoadGenerator.Exchange> exchanges = this.loadGenerator.run(200);

		assertThat(exchanges).filteredOn((exchange) -> exchange.tenant() == null).hasSize(66).allSatisfy((exchange) -> {
			assertThat(exchange.status()).isEqualTo(400);
			assertThat(exchange.body()).contains("X-Tenant is missing").doesNotContain(TENANTS);
		});
		for (String tenant : TENANTS) {
			assertThat(exchanges).filteredOn((exchange) -> tenant.equals(exchange.tenant()))
				.hasSize(67)
				.allSatisfy(this::isOwn);
			assertThat(this.databases.notes(tenant)).extracting(Note::author, Note::text)
				.containsExactlyInAnyOrderElementsOf(exchanges.stream()
					.filter((exchange) -> exchange.is(tenant, LoadGenerator.Action.ADD))
					.map((exchange) -> tuple(exchange.user(), "by " + exchange.user()))
					.toList());
			await().untilAsserted(() -> assertThat(this.databases.audit(tenant))
				.extracting(AuditTrail.Entry::tenant, AuditTrail.Entry::actor)
				.containsExactlyInAnyOrderElementsOf(exchanges.stream()
					.filter((exchange) -> exchange.is(tenant, LoadGenerator.Action.ADD, LoadGenerator.Action.EXPORT))
					.map((exchange) -> tuple(tenant, exchange.user()))
					.toList()));
		}
	}

	private void isOwn(LoadGenerator.Exchange exchange) {
		String other = "acme".equals(exchange.tenant()) ? "globex" : "acme";
		assertThat(exchange.body()).doesNotContain(other, "no-tenant");
		switch (exchange.action()) {
			case ADD -> {
				assertThat(exchange.status()).isEqualTo(201);
				assertThat(exchange.body()).contains("\"author\":\"" + exchange.user() + "\"");
			}
			case LIST -> {
				assertThat(exchange.status()).isEqualTo(200);
				assertThat(exchange.body()).startsWith("{\"tenant\":\"" + exchange.tenant() + "\"");
			}
			case EXPORT -> {
				assertThat(exchange.status()).isEqualTo(200);
				assertThat(exchange.body())
					.startsWith("Notes of " + exchange.tenant() + ", exported by " + exchange.user() + " on task-");
			}
		}
	}

	private String authorOfAnonymousNoteAfterOneOf(String user) {
		this.databases.clear();
		this.loadGenerator.send("acme", user, LoadGenerator.Action.ADD).join();
		this.loadGenerator.send("acme", null, LoadGenerator.Action.ADD).join();
		return this.databases.notes("acme").get(1).author();
	}

	@Nested
	@TestPropertySource(properties = { "contextvars.task.enabled=false",
			"logging.level.org.apache.catalina.core.ContainerBase=off" })
	@Import({ FailedTasks.class, FailedTasksConfigurer.class })
	class WithoutTaskPropagationTests {

		@Test
		void runLosesTenantOnOtherThreads(@Autowired FailedTasks failedTasks) {
			List<LoadGenerator.Exchange> exchanges = IsolationTests.this.loadGenerator.run(60);

			assertThat(exchanges)
				.filteredOn((exchange) -> exchange.tenant() != null && exchange.action() == LoadGenerator.Action.EXPORT)
				.isNotEmpty()
				.allSatisfy((exchange) -> assertThat(exchange.status()).isEqualTo(500));
			long added = exchanges.stream().filter((exchange) -> exchange.status() == 201).count();
			await().untilAsserted(() -> assertThat(failedTasks.causes).hasSize((int) added)
				.allSatisfy((cause) -> assertThat(cause).isInstanceOf(NoSuchElementException.class)
					.hasMessageContaining("'tenant' has no value")));
			assertThat(TENANTS)
				.allSatisfy((tenant) -> assertThat(IsolationTests.this.databases.audit(tenant)).isEmpty());
		}

	}

	@Nested
	@TestPropertySource(properties = "server.tomcat.threads.max=1")
	class OneThreadTests {

		@Test
		void addWhenNoUserIsNotUserOfRequestBefore() {
			assertThat(authorOfAnonymousNoteAfterOneOf("ada")).isEqualTo("anonymous");
		}

	}

	@Nested
	@TestPropertySource(properties = { "server.tomcat.threads.max=1", "contextvars.web.enabled=false",
			"contextvars.outside-context.set=allow" })
	class OneThreadWithoutFilterTests {

		@Test
		void addWhenNoUserIsUserOfRequestBefore(@Autowired PrinterProcess printer) {
			// It is the youngest application of this JVM, whose policy rejects.
			printer.stop();

			assertThat(authorOfAnonymousNoteAfterOneOf("ada")).isEqualTo("ada");
		}

	}

	/**
	 * Exception handler that collects what {@code @Async} methods threw.
	 */
	static class FailedTasks implements AsyncUncaughtExceptionHandler {

		private final Queue<Throwable> causes = new ConcurrentLinkedQueue<>();

		@Override
		public void handleUncaughtException(Throwable ex, Method method, Object... params) {
			this.causes.add(ex);
		}

	}

	/**
	 * Configurer that registers the exception handler.
	 *
	 * @param failedTasks the exception handler
	 */
	record FailedTasksConfigurer(FailedTasks failedTasks) implements AsyncConfigurer {

		@Override
		public AsyncUncaughtExceptionHandler getAsyncUncaughtExceptionHandler() {
			return this.failedTasks;
		}

	}

}

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
 * Tests that tenants stay apart when far more clients come than there are threads; and
 * that these tests would notice if they did not.
 */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
		properties = { "server.tomcat.threads.max=4", "spring.task.execution.pool.core-size=2" })
class IsolationTests {

	private static final List<String> TENANTS = List.of("acme", "globex");

	private Databases databases;

	private Crowd crowd;

	@Autowired
	void setUp(TenantDataSource dataSource, @LocalServerPort int port) {
		this.databases = new Databases(dataSource);
		this.crowd = new Crowd(port);
	}

	@Test
	void visitWhenClientsOutnumberThreadsKeepsTenantsApart() {
		List<Crowd.Visit> visits = this.crowd.visit(200);

		assertThat(visits).filteredOn((visit) -> visit.tenant() == null).hasSize(66).allSatisfy((visit) -> {
			assertThat(visit.status()).isEqualTo(400);
			assertThat(visit.body()).contains("X-Tenant is missing").doesNotContain(TENANTS);
		});
		for (String tenant : TENANTS) {
			assertThat(visits).filteredOn((visit) -> tenant.equals(visit.tenant())).hasSize(67).allSatisfy(this::isOwn);
			assertThat(this.databases.notes(tenant)).extracting(Note::author, Note::text)
				.containsExactlyInAnyOrderElementsOf(visits.stream()
					.filter((visit) -> visit.is(tenant, Crowd.Action.ADD))
					.map((visit) -> tuple(visit.user(), "by " + visit.user()))
					.toList());
			await().untilAsserted(() -> assertThat(this.databases.audit(tenant))
				.extracting(AuditTrail.Entry::tenant, AuditTrail.Entry::actor)
				.containsExactlyInAnyOrderElementsOf(visits.stream()
					.filter((visit) -> visit.is(tenant, Crowd.Action.ADD, Crowd.Action.EXPORT))
					.map((visit) -> tuple(tenant, visit.user()))
					.toList()));
		}
	}

	private void isOwn(Crowd.Visit visit) {
		String other = "acme".equals(visit.tenant()) ? "globex" : "acme";
		assertThat(visit.body()).doesNotContain(other, "nobody");
		switch (visit.action()) {
			case ADD -> {
				assertThat(visit.status()).isEqualTo(201);
				assertThat(visit.body()).contains("\"author\":\"" + visit.user() + "\"");
			}
			case LIST -> {
				assertThat(visit.status()).isEqualTo(200);
				assertThat(visit.body()).startsWith("{\"tenant\":\"" + visit.tenant() + "\"");
			}
			case EXPORT -> {
				assertThat(visit.status()).isEqualTo(200);
				assertThat(visit.body())
					.startsWith("Notes of " + visit.tenant() + ", exported by " + visit.user() + " on task-");
			}
		}
	}

	private String authorOfAnonymousNoteAfterOneOf(String user) {
		this.databases.clear();
		this.crowd.send("acme", user, Crowd.Action.ADD).join();
		this.crowd.send("acme", null, Crowd.Action.ADD).join();
		return this.databases.notes("acme").get(1).author();
	}

	@Nested
	@TestPropertySource(properties = { "contextvars.task.enabled=false",
			"logging.level.org.apache.catalina.core.ContainerBase=off" })
	@Import({ LostTasks.class, LostTasksConfigurer.class })
	class WithoutTaskDecoratorTests {

		@Test
		void visitLosesTenantOnOtherThreads(@Autowired LostTasks lost) {
			List<Crowd.Visit> visits = IsolationTests.this.crowd.visit(60);

			assertThat(visits).filteredOn((visit) -> visit.tenant() != null && visit.action() == Crowd.Action.EXPORT)
				.isNotEmpty()
				.allSatisfy((visit) -> assertThat(visit.status()).isEqualTo(500));
			long added = visits.stream().filter((visit) -> visit.status() == 201).count();
			await().untilAsserted(() -> assertThat(lost.causes).hasSize((int) added)
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
	@TestPropertySource(properties = { "server.tomcat.threads.max=1", "contextvars.web.enabled=false" })
	class OneThreadWithoutFilterTests {

		@Test
		void addWhenNoUserIsUserOfRequestBefore() {
			assertThat(authorOfAnonymousNoteAfterOneOf("ada")).isEqualTo("ada");
		}

	}

	/**
	 * Collects what background tasks threw.
	 */
	static class LostTasks implements AsyncUncaughtExceptionHandler {

		private final Queue<Throwable> causes = new ConcurrentLinkedQueue<>();

		@Override
		public void handleUncaughtException(Throwable ex, Method method, Object... params) {
			this.causes.add(ex);
		}

	}

	/**
	 * Has lost tasks collected.
	 *
	 * @param lostTasks collects them
	 */
	record LostTasksConfigurer(LostTasks lostTasks) implements AsyncConfigurer {

		@Override
		public AsyncUncaughtExceptionHandler getAsyncUncaughtExceptionHandler() {
			return this.lostTasks;
		}

	}

}

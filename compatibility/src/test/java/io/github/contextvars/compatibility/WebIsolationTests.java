package io.github.contextvars.compatibility;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.util.ClassUtils;

import io.github.contextvars.Context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Requests of several tenants share few threads, and each sees its own tenant.
 */
@Tag("isolation")
@WebTest
class WebIsolationTests {

	@LocalServerPort
	private int port;

	private Client client;

	@BeforeEach
	void setUp() {
		this.client = new Client(this.port);
	}

	@AfterEach
	void threadsAreInNoContext() throws Exception {
		assertThat(WebApplication.LEAKS).isEmpty();
		assertThat(WebApplication.POOL.submit(Context::depth).get()).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { "/request", "/async", "/callable", "/deferred", "/streaming", "/scheduler", "/executor",
			"/event", "/from-context", "/log" })
	void codeOfRequestSeesItsTenant(String path) {
		assertThat(this.client.getOfEachTenant(path))
			.isEqualTo(Map.of("acme", Set.of("acme"), "globex", Set.of("globex"), "", Set.of("none")));
	}

	@Test
	void scopedMethodChangesNothingOfItsCaller() {
		assertThat(this.client.getOfEachTenant("/scoped")).isEqualTo(Map.of("acme", Set.of("inner in acme"), "globex",
				Set.of("inner in globex"), "", Set.of("inner in none")));
	}

	@ParameterizedTest
	@ValueSource(strings = { "/fresh", "/jms", "/kafka" })
	void freshContextIsEmpty(String path) {
		assertThat(this.client.getOfEachTenant(path))
			.isEqualTo(Map.of("acme", Set.of("none"), "globex", Set.of("none"), "", Set.of("none")));
	}

	@Test
	void eachRunOfScheduledMethodIsEmpty() {
		await().until(() -> WebApplication.SCHEDULED.size() >= 3);

		assertThat(WebApplication.SCHEDULED).containsOnly("none");
	}

	@Test
	void userFillsVariable() {
		String credentials = Base64.getEncoder().encodeToString("ada:secret".getBytes(StandardCharsets.UTF_8));

		assertThat(this.client.get("/user", "Authorization", "Basic " + credentials)).isEqualTo("ada");
		assertThat(this.client.get("/user")).isEqualTo("none");
	}

	@Test
	void variableCrossesToAnotherProcess() {
		assertThat(this.client.get("/remote", "X-Tenant", "acme")).isEqualTo("acme");
		assertThat(this.client.get("/remote", "X-Tenant", "globex")).isEqualTo("globex");
	}

	// What the executions of the build are meant to have, and nothing else.
	@Test
	void springCloudAndAgentArePresentIfWanted() {
		assertThat(ClassUtils.isPresent("org.springframework.cloud.context.named.NamedContextFactory", null))
			.isEqualTo(Boolean.getBoolean("compatibility.spring-cloud"));
		assertThat(ClassUtils.isPresent("io.opentelemetry.javaagent.OpenTelemetryAgent", null))
			.isEqualTo(Boolean.getBoolean("compatibility.agent"));
	}

}

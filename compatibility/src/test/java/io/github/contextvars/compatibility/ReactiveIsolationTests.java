package io.github.contextvars.compatibility;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Requests of several tenants share the few threads of Netty, and each sees its own
 * tenant.
 */
@Tag("isolation")
@SpringBootTest(classes = ReactiveApplication.class, webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
		properties = { "contextvars.fill.tenant.header=X-Tenant", "contextvars.fill.user.principal=true",
				"contextvars.remote.send=tenant", "contextvars.remote.send-to=localhost",
				"contextvars.remote.receive=tenant", "contextvars.remote.receive-from=127.0.0.0/8,::1",
				"spring.main.web-application-type=reactive", "spring.reactor.context-propagation=auto",
				"spring.artemis.embedded.enabled=false", "spring.security.user.name=ada",
				"spring.security.user.password=secret" })
class ReactiveIsolationTests {

	@LocalServerPort
	private int port;

	private Client client;

	@BeforeEach
	void setUp() {
		this.client = new Client(this.port);
	}

	@ParameterizedTest
	@ValueSource(strings = { "/request", "/delayed", "/blocking", "/from-context" })
	void codeOfRequestSeesItsTenant(String path) {
		assertThat(this.client.getOfEachTenant(path))
			.isEqualTo(Map.of("acme", Set.of("acme"), "globex", Set.of("globex"), "", Set.of("none")));
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

}

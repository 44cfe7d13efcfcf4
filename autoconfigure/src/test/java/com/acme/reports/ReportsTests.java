package com.acme.reports;

import java.net.http.HttpResponse;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import io.github.contextvars.spring.testing.TokenIssuer;
import io.github.contextvars.spring.testing.TwoTenants;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The application of docs/how-to/spring-security.md.
 */
class ReportsTests {

	private static WebApp app;

	@BeforeAll
	static void start() {
		app = WebApp.start(ReportsApplication.class, DocumentationPage.read("docs/how-to/spring-security.md")
			.properties("tests.frameworks=security", TokenIssuer.property()));
	}

	@AfterAll
	static void close() {
		app.close();
	}

	@Test
	void asynchronousMethodHasTheRequestsUserAndPermissions() throws Exception {
		TwoTenants.atOnce((tenant, number) -> {
			String user = "user-" + number;
			if (number % 2 == 0) {
				assertThat(get("/report", user, tenant, "reports").body())
					.isEqualTo("Report for " + user + " of " + tenant);
			}
			else {
				assertThat(get("/report", user, tenant).statusCode()).isEqualTo(403);
			}
			assertThat(get("/who", user, tenant).body()).isEqualTo(user + " as " + user + " with the token of " + user);
		});
	}

	@Test
	void controllerHasTheTokensValuesWhateverHeaderIsSent() {
		assertThat(
				app.get("/greeting", "Authorization", TokenIssuer.bearer("ada", "acme"), "X-Tenant", "globex").body())
			.isEqualTo("Hello, ada of acme");
		assertThat(app.get("/greeting", "X-Tenant", "acme").statusCode()).isEqualTo(401);
	}

	@Test
	void scopedMethodChangesVariablesAndNoPermissions() {
		assertThat(get("/as-batch", "ada", "acme").body()).isEqualTo("ada as batch");
	}

	private static HttpResponse<String> get(String path, String user, String tenant, String... scopes) {
		return app.get(path, "Authorization", TokenIssuer.bearer(user, tenant, scopes));
	}

}

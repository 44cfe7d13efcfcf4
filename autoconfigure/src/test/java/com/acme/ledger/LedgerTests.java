package com.acme.ledger;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

import io.github.contextvars.spring.testing.TokenIssuer;
import io.github.contextvars.spring.testing.TwoTenants;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The application of docs/how-to/routing-data-source.md, with two databases.
 */
class LedgerTests {

	private static final Map<String, JdbcTemplate> databases = List.of("acme", "globex")
		.stream()
		.collect(Collectors.toMap(Function.identity(), (tenant) -> new JdbcTemplate(new DriverManagerDataSource(
				"jdbc:h2:mem:" + tenant + "-" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1"))));

	private static WebApp app;

	@BeforeAll
	static void start() {
		databases.values().forEach((database) -> database.execute("create table entry(text varchar(100))"));
		app = WebApp.start(LedgerApplication.class,
				DocumentationPage.read("docs/how-to/routing-data-source.md")
					.properties("tests.frameworks=jdbc,security", TokenIssuer.property(),
							"ledger.databases.acme=" + url("acme"), "ledger.databases.globex=" + url("globex")));
	}

	@AfterAll
	static void close() {
		app.close();
		databases.values().forEach((database) -> database.execute("shutdown"));
	}

	@BeforeEach
	void clear() {
		databases.values().forEach((database) -> database.execute("delete from entry"));
	}

	@Test
	void entriesAreInTheTenantsDatabase() throws Exception {
		int requests = TwoTenants.atOnce((tenant, number) -> {
			assertThat(get("/book?text=" + tenant, tenant)).isEqualTo(200);
			assertThat(get("/book-later?text=" + tenant, tenant)).isEqualTo(200);
		});

		Awaitility.await().until(() -> entries("acme").size() + entries("globex").size() == 2 * requests);
		assertThat(entries("acme")).containsOnly("acme");
		assertThat(entries("globex")).containsOnly("globex");
		assertThat(app.get("/entries", "Authorization", TokenIssuer.bearer("ada", "globex")).body()).contains("globex")
			.doesNotContain("acme");
	}

	@Test
	void scopedMethodUsesTheOtherDatabase() {
		assertThat(get("/transfer?tenant=globex", "acme")).isEqualTo(200);

		assertThat(entries("acme")).containsExactly("sent");
		assertThat(entries("globex")).containsExactly("received");
	}

	@Test
	void unknownTenantHasNoDatabase() {
		assertThat(get("/book?text=none", "initech")).isEqualTo(500);
		assertThat(get("/book?text=none", null)).isEqualTo(400);

		assertThat(entries("acme")).isEmpty();
		assertThat(entries("globex")).isEmpty();
	}

	private static int get(String path, String tenant) {
		return app.get(path, "Authorization", TokenIssuer.bearer("ada", tenant)).statusCode();
	}

	private static List<String> entries(String tenant) {
		return databases.get(tenant).queryForList("select text from entry", String.class);
	}

	private static String url(String tenant) {
		return ((DriverManagerDataSource) databases.get(tenant).getDataSource()).getUrl();
	}

}

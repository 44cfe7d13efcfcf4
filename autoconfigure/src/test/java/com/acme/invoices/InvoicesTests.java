package com.acme.invoices;

import java.util.List;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.DataClassRowMapper;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

import io.github.contextvars.Context;
import io.github.contextvars.spring.testing.TokenIssuer;
import io.github.contextvars.spring.testing.TwoTenants;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * The application of docs/how-to/auditing.md, and the column of the tenant in
 * docs/how-to/hibernate-tenants.md.
 */
class InvoicesTests {

	private static WebApp app;

	private static JdbcTemplate database;

	@BeforeAll
	static void start() {
		String[] properties = DocumentationPage.read("docs/how-to/auditing.md")
			.properties("tests.frameworks=jdbc,hibernate,jpa,data.jpa,security",
					"spring.datasource.generate-unique-name=true", "reminders.delay=20ms", TokenIssuer.property());
		app = WebApp.start(InvoicesApplication.class,
				DocumentationPage.read("docs/how-to/hibernate-tenants.md").properties(properties));
		database = app.bean(JdbcTemplate.class);
	}

	@AfterAll
	static void close() {
		app.close();
	}

	@BeforeEach
	void clear() {
		database.execute("delete from invoice");
	}

	@Test
	void rowsBelongToTheTokensTenant() throws Exception {
		int written = write();

		Awaitility.await().until(() -> rows().size() == written);
		assertThat(rows()).allMatch((row) -> row.tenant.equals(row.owner()));
		for (String tenant : List.of("acme", "globex")) {
			assertThat(app.get("/all", "Authorization", TokenIssuer.bearer("ada", tenant)).body())
				.contains(tenant + ", later")
				.doesNotContain(tenant.equals("acme") ? "globex" : "acme");
		}
	}

	@Test
	void requestWithoutTenantIsRefused() {
		assertThat(get("/write?text=none", null)).isEqualTo(400);

		assertThat(rows()).isEmpty();
	}

	@Test
	void workWithoutTenantFails() {
		Invoices invoices = app.bean(Invoices.class);

		assertThatException().isThrownBy(() -> new Context().run(invoices::all))
			.havingRootCause()
			.withMessageContaining("has no value");
		assertThatException().isThrownBy(invoices::all).havingRootCause().withMessageContaining("outside any context");
	}

	@Test
	void authorIsTheUserAlsoInAsynchronousMethods() throws Exception {
		int written = write();

		Awaitility.await().until(() -> rows().size() == written);
		assertThat(rows()).allMatch((row) -> row.createdBy.equals("user-of-" + row.owner()));
	}

	@Test
	void scheduledRunsHaveTheirOwnAuthor() throws Exception {
		int written = write();

		Awaitility.await().until(() -> rows().stream().filter(Row::reminded).count() == written);
		assertThat(rows()).allMatch((row) -> row.lastModifiedBy.equals("reminders"))
			.allMatch((row) -> row.createdBy.equals("user-of-" + row.owner()));
	}

	@Test
	void authorOfChangeIsTheOneOfTheTransaction() {
		TransactionTemplate transaction = new TransactionTemplate(app.bean(PlatformTransactionManager.class));

		new Context().run(() -> {
			TenantResolver.TENANT.set("acme");
			CurrentUser.USER.set("ada");
			transaction.executeWithoutResult((status) -> {
				app.bean(Invoices.class).write("acme");
				app.bean(Invoices.class).remind("globex");
			});
		});

		assertThat(rows()).containsExactly(new Row("acme", "acme", "ada", "ada", true));
	}

	private static int write() throws Exception {
		return 2 * TwoTenants.atOnce((tenant, number) -> {
			assertThat(get("/write?text=" + tenant, tenant)).isEqualTo(200);
			assertThat(get("/write-later?text=" + tenant + ",+later", tenant)).isEqualTo(200);
		});
	}

	private static int get(String path, String tenant) {
		return app.get(path, "Authorization", TokenIssuer.bearer("user-of-" + tenant, tenant)).statusCode();
	}

	private static List<Row> rows() {
		return database.query("select * from invoice", new DataClassRowMapper<>(Row.class));
	}

	record Row(String text, String tenant, String createdBy, String lastModifiedBy, boolean reminded) {

		String owner() {
			return this.text.split(",")[0];
		}

	}

}

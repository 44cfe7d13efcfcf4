package io.github.contextvars.spring.docs;

import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

import com.acme.invoices.TenantResolver;
import jakarta.persistence.Entity;
import jakarta.persistence.EntityManager;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import org.awaitility.Awaitility;
import org.hibernate.cfg.MultiTenancySettings;
import org.hibernate.context.spi.TenantSchemaMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.hibernate.autoconfigure.HibernatePropertiesCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;
import io.github.contextvars.spring.testing.Services;
import io.github.contextvars.spring.testing.TokenIssuer;
import io.github.contextvars.spring.testing.TwoTenants;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The application of docs/how-to/hibernate-tenants.md, with two schemas.
 */
class HibernateExamplesTests {

	private final String suffix = "_" + UUID.randomUUID().toString().replace('-', '_');

	private final String acme = "acme" + this.suffix;

	private final String globex = "globex" + this.suffix;

	@ParameterizedTest
	@EnumSource
	void tenantsHaveTheirOwnSchemas(Database database) throws Exception {
		assumeTrue(database.isThere(), Services.POSTGRESQL::absence);
		try (Schemas schemas = new Schemas(database, this.acme, this.globex); WebApp app = start(database)) {
			int requests = TwoTenants.atOnce((tenant, number) -> {
				assertThat(get(app, "/add?text=" + tenant, tenant + this.suffix)).isEqualTo(200);
				assertThat(get(app, "/later?text=" + tenant, tenant + this.suffix)).isEqualTo(200);
			});

			Awaitility.await()
				.until(() -> schemas.notes(this.acme).size() + schemas.notes(this.globex).size() == 2 * requests);
			assertThat(schemas.notes(this.acme)).containsOnly("acme");
			assertThat(schemas.notes(this.globex)).containsOnly("globex");
			assertThat(app.get("/all", "Authorization", TokenIssuer.bearer("ada", this.acme)).body().split(","))
				.hasSameSizeAs(schemas.notes(this.acme))
				.containsOnly("acme");

			assertThat(get(app, "/for?tenant=" + this.globex + "&text=moved", this.acme)).isEqualTo(200);
			assertThat(schemas.notes(this.globex)).contains("moved");
			assertThat(schemas.notes(this.acme)).endsWith("before", "after").doesNotContain("moved");
		}
	}

	@Test
	void withOpenInViewScopedMethodsWriteForTheRequestsTenant() throws Exception {
		try (Schemas schemas = new Schemas(Database.H2, this.acme, this.globex);
				WebApp app = start(Database.H2, "spring.jpa.open-in-view=true")) {
			get(app, "/for?tenant=" + this.globex + "&text=moved", this.acme);

			assertThat(schemas.notes(this.globex)).isEmpty();
			assertThat(schemas.notes(this.acme)).containsExactly("before", "moved", "after");
		}
	}

	private static int get(WebApp app, String path, String tenant) {
		return app.get(path, "Authorization", TokenIssuer.bearer("ada", tenant)).statusCode();
	}

	private static WebApp start(Database database, String... properties) {
		return WebApp.start(Application.class,
				Stream
					.of(DocumentationPage.read("docs/how-to/hibernate-tenants.md")
						.properties("tests.frameworks=jdbc,hibernate,jpa,data.jpa,security",
								"spring.datasource.url=" + database.url, "spring.datasource.username=" + database.user,
								"spring.datasource.password=" + database.password, "spring.jpa.hibernate.ddl-auto=none",
								TokenIssuer.property()),
							properties)
					.flatMap(Stream::of)
					.toArray(String[]::new));
	}

	/**
	 * The databases. PostgreSQL's user and password can be given as system properties.
	 */
	enum Database {

		H2("jdbc:h2:mem:tenants;DB_CLOSE_DELAY=-1", "sa", ""),

		POSTGRESQL("jdbc:postgresql://127.0.0.1:5432/" + System.getProperty("tests.postgresql.database", "postgres"),
				System.getProperty("tests.postgresql.user", "postgres"),
				System.getProperty("tests.postgresql.password", "postgres"));

		private final String url;

		private final String user;

		private final String password;

		Database(String url, String user, String password) {
			this.url = url;
			this.user = user;
			this.password = password;
		}

		boolean isThere() {
			return this == H2 || Services.POSTGRESQL.isThere();
		}

	}

	/**
	 * Schemas with a table of notes, looked at without Hibernate.
	 */
	private static final class Schemas implements AutoCloseable {

		private final JdbcTemplate template;

		private final List<String> tenants;

		Schemas(Database database, String... tenants) {
			this.template = new JdbcTemplate(
					new DriverManagerDataSource(database.url, database.user, database.password));
			this.tenants = List.of(tenants);
			this.tenants.forEach((tenant) -> {
				this.template.execute("create schema tenant_" + tenant);
				this.template.execute("create table tenant_" + tenant
						+ ".note(id bigint generated by default as identity primary key, text varchar(100))");
			});
		}

		List<String> notes(String tenant) {
			return this.template.queryForList("select text from tenant_" + tenant + ".note order by id", String.class);
		}

		@Override
		public void close() {
			this.tenants.forEach((tenant) -> this.template.execute("drop schema tenant_" + tenant + " cascade"));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import({ TenantResolver.class, Notes.class, Page.class })
	static class Application {

		// tag::hibernate-schemas[]
		@Bean
		HibernatePropertiesCustomizer schemas() {
			TenantSchemaMapper<String> mapper = (tenant) -> "tenant_" + tenant;
			return (properties) -> properties.put(MultiTenancySettings.MULTI_TENANT_SCHEMA_MAPPER, mapper);
		}
		// end::hibernate-schemas[]

	}

	@Entity(name = "note")
	static class Note {

		@Id
		@GeneratedValue(strategy = GenerationType.IDENTITY)
		Long id;

		String text;

	}

	// tag::hibernate-service[]
	@Component
	static class Notes {

		private final EntityManager entityManager;

		Notes(EntityManager entityManager) {
			this.entityManager = entityManager;
		}

		@Transactional(readOnly = true)
		List<String> all() {
			return this.entityManager.createQuery("select text from note order by id", String.class).getResultList();
		}

		@Transactional
		void add(String text) {
			Note note = new Note();
			note.text = text;
			this.entityManager.persist(note);
		}

		@Async
		@Transactional
		void addLater(String text) {
			add(text);
		}

		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "#tenant"))
		@Transactional(propagation = Propagation.REQUIRES_NEW)
		void addFor(String tenant, String text) {
			add(text);
		}

	}
	// end::hibernate-service[]

	@RestController
	static class Page {

		private final Notes notes;

		Page(Notes notes) {
			this.notes = notes;
		}

		@GetMapping("/all")
		String all() {
			return String.join(",", this.notes.all());
		}

		@GetMapping("/add")
		void add(String text) {
			this.notes.add(text);
		}

		@GetMapping("/later")
		void addLater(String text) {
			this.notes.addLater(text);
		}

		@GetMapping("/for")
		void addFor(String tenant, String text) {
			this.notes.add("before");
			this.notes.addFor(tenant, text);
			this.notes.add("after");
		}

	}

}

package io.github.contextvars.spring.docs;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import javax.sql.DataSource;

import jakarta.persistence.Entity;
import jakarta.persistence.EntityManager;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.awaitility.Awaitility;
import org.hibernate.cfg.MultiTenancySettings;
import org.hibernate.context.spi.CurrentTenantIdentifierResolver;
import org.hibernate.engine.jdbc.connections.spi.MultiTenantConnectionProvider;
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
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.Services;
import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The application of docs/how-to/hibernate-tenants.md, with two schemas.
 */
class HibernateExamplesTests {

	private final String acme = "acme_" + UUID.randomUUID().toString().replace('-', '_');

	private final String globex = "globex_" + UUID.randomUUID().toString().replace('-', '_');

	@ParameterizedTest
	@EnumSource
	void tenantsSeeTheirOwnRows(Database database) throws Exception {
		assumeTrue(database.isThere(), Services.POSTGRESQL::absence);
		try (Schemas schemas = new Schemas(database, this.acme, this.globex); WebApp app = start(database, false)) {
			List<MixedWork.Unit> units = MixedWork.units(240);
			ExecutorService clients = Executors.newFixedThreadPool(4);
			List<Future<Integer>> answers = new ArrayList<>();
			units.forEach((unit) -> answers.add(clients.submit(() -> add(app, "/add", unit))));
			clients.shutdown();
			for (int i = 0; i < units.size(); i++) {
				assertThat(answers.get(i).get(30, TimeUnit.SECONDS))
					.isEqualTo((units.get(i).tenant() != null) ? 200 : 400);
			}

			for (String schema : List.of(this.acme, this.globex)) {
				List<String> expected = units.stream()
					.filter((unit) -> schema.equals(schemaOf(unit)))
					.map(MixedWork.Unit::id)
					.toList();
				assertThat(schemas.notes(schema)).containsExactlyInAnyOrderElementsOf(expected);
				assertThat(Arrays.asList(app.get("/all", "X-Tenant", schema).body().split(",")))
					.containsExactlyInAnyOrderElementsOf(expected);
			}
		}
	}

	@ParameterizedTest
	@EnumSource
	void asynchronousMethodsWriteForTheirCallersTenant(Database database) throws Exception {
		assumeTrue(database.isThere(), Services.POSTGRESQL::absence);
		try (Schemas schemas = new Schemas(database, this.acme, this.globex); WebApp app = start(database, false)) {
			app.get("/later?text=report", "X-Tenant", this.globex);

			Awaitility.await().until(() -> schemas.notes(this.globex).equals(List.of("report")));
			assertThat(schemas.notes(this.acme)).isEmpty();
		}
	}

	@ParameterizedTest
	@EnumSource
	void scopedMethodsWriteForTheTenantThatTheySet(Database database) throws Exception {
		assumeTrue(database.isThere(), Services.POSTGRESQL::absence);
		try (Schemas schemas = new Schemas(database, this.acme, this.globex); WebApp app = start(database, false)) {
			app.get("/for?tenant=" + this.globex + "&text=moved", "X-Tenant", this.acme);

			assertThat(schemas.notes(this.globex)).containsExactly("moved");
			assertThat(schemas.notes(this.acme)).containsExactly("before", "after");
		}
	}

	@ParameterizedTest
	@EnumSource
	void withOpenInViewScopedMethodsWriteForTheRequestsTenant(Database database) throws Exception {
		assumeTrue(database.isThere(), Services.POSTGRESQL::absence);
		try (Schemas schemas = new Schemas(database, this.acme, this.globex); WebApp app = start(database, true)) {
			app.get("/for?tenant=" + this.globex + "&text=moved", "X-Tenant", this.acme);

			assertThat(schemas.notes(this.globex)).isEmpty();
			assertThat(schemas.notes(this.acme)).containsExactly("before", "moved", "after");
		}
	}

	private int add(WebApp app, String path, MixedWork.Unit unit) {
		String request = path + "?text=" + unit.id();
		return ((unit.tenant() != null) ? app.get(request, "X-Tenant", schemaOf(unit)) : app.get(request)).statusCode();
	}

	private String schemaOf(MixedWork.Unit unit) {
		return (unit.tenant() == null) ? null : unit.tenant().equals("tenant-0") ? this.acme : this.globex;
	}

	private static WebApp start(Database database, boolean openInView) {
		return WebApp.start(Application.class, "tests.frameworks=hibernate,jpa,data.jpa",
				"spring.datasource.url=" + database.url, "spring.datasource.username=" + database.user,
				"spring.datasource.password=" + database.password, "spring.datasource.hikari.schema=" + database.schema,
				"spring.jpa.hibernate.ddl-auto=none", "spring.jpa.open-in-view=" + openInView);
	}

	/**
	 * The databases. PostgreSQL's user and password can be given as system properties.
	 */
	enum Database {

		H2("jdbc:h2:mem:tenants;DB_CLOSE_DELAY=-1", "sa", "", "PUBLIC"),

		POSTGRESQL("jdbc:postgresql://127.0.0.1:5432/" + System.getProperty("tests.postgresql.database", "postgres"),
				System.getProperty("tests.postgresql.user", "postgres"),
				System.getProperty("tests.postgresql.password", "postgres"), "public");

		private final String url;

		private final String user;

		private final String password;

		private final String schema;

		Database(String url, String user, String password, String schema) {
			this.url = url;
			this.user = user;
			this.password = password;
			this.schema = schema;
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

		private final List<String> names;

		Schemas(Database database, String... names) {
			this.template = new JdbcTemplate(
					new DriverManagerDataSource(database.url, database.user, database.password));
			this.names = List.of(names);
			this.names.forEach((name) -> {
				this.template.execute("create schema \"" + name + "\"");
				this.template.execute("create table \"" + name
						+ "\".note(id bigint generated by default as identity primary key, text varchar(100))");
			});
		}

		List<String> notes(String schema) {
			return this.template.queryForList("select text from \"" + schema + "\".note order by id", String.class);
		}

		@Override
		public void close() {
			this.names.forEach((name) -> this.template.execute("drop schema \"" + name + "\" cascade"));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import({ TenantFilter.class, TenantResolver.class, TenantConnections.class, Notes.class, Page.class })
	static class Application {

		// tag::hibernate-customizer[]
		@Bean
		HibernatePropertiesCustomizer tenants(TenantResolver resolver, TenantConnections connections) {
			return (properties) -> {
				properties.put(MultiTenancySettings.MULTI_TENANT_IDENTIFIER_RESOLVER, resolver);
				properties.put(MultiTenancySettings.MULTI_TENANT_CONNECTION_PROVIDER, connections);
			};
		}
		// end::hibernate-customizer[]

	}

	// tag::hibernate-filter[]
	@Component
	static class TenantFilter extends OncePerRequestFilter {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@Override
		protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
				throws ServletException, IOException {
			String tenant = request.getHeader("X-Tenant");
			if (tenant == null) {
				response.sendError(HttpServletResponse.SC_BAD_REQUEST, "No tenant");
				return;
			}
			TENANT.set(tenant);
			chain.doFilter(request, response);
		}

	}
	// end::hibernate-filter[]

	// tag::hibernate-resolver[]
	@Component
	static class TenantResolver implements CurrentTenantIdentifierResolver<String> {

		@Override
		public String resolveCurrentTenantIdentifier() {
			return TenantFilter.TENANT.get();
		}

		@Override
		public boolean validateExistingCurrentSessions() {
			return true;
		}

	}
	// end::hibernate-resolver[]

	// tag::hibernate-connections[]
	@Component
	static class TenantConnections implements MultiTenantConnectionProvider<String> {

		private final DataSource dataSource;

		TenantConnections(DataSource dataSource) {
			this.dataSource = dataSource;
		}

		@Override
		public Connection getConnection(String tenant) throws SQLException {
			Connection connection = this.dataSource.getConnection();
			try {
				connection.setSchema(tenant);
				return connection;
			}
			catch (SQLException ex) {
				connection.close();
				throw ex;
			}
		}

		@Override
		public void releaseConnection(String tenant, Connection connection) throws SQLException {
			connection.close();
		}

		@Override
		public Connection getAnyConnection() throws SQLException {
			return this.dataSource.getConnection();
		}

		@Override
		public void releaseAnyConnection(Connection connection) throws SQLException {
			connection.close();
		}

		@Override
		public boolean supportsAggressiveRelease() {
			return false;
		}

		@Override
		public boolean isUnwrappableAs(Class<?> type) {
			return false;
		}

		@Override
		public <T> T unwrap(Class<T> type) {
			throw new UnsupportedOperationException();
		}

	}
	// end::hibernate-connections[]

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

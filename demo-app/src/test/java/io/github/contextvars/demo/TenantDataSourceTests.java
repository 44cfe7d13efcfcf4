package io.github.contextvars.demo;

import java.util.NoSuchElementException;
import java.util.Set;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.CannotGetJdbcConnectionException;
import org.springframework.jdbc.core.simple.JdbcClient;

import io.github.contextvars.Context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link TenantDataSource}.
 */
class TenantDataSourceTests {

	private final TenantDataSource dataSource = new TenantDataSource(new Tenants(Set.of("acme", "globex")));

	private final NoteStore notes = new NoteStore(JdbcClient.create(this.dataSource));

	@BeforeEach
	void initialize() {
		this.dataSource.initialize();
	}

	@AfterEach
	void destroy() {
		this.dataSource.destroy();
	}

	@Test
	void getConnectionWhenNoTenantThrows() {
		assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(this.dataSource::getConnection)
			.withMessageContaining("'tenant' has no value");
	}

	@Test
	void getConnectionWhenUnknownTenantThrows() {
		inTenant("initech",
				() -> assertThatExceptionOfType(CannotGetJdbcConnectionException.class).isThrownBy(this.notes::all)
					.havingCause()
					.withMessageContaining("initech"));
	}

	@Test
	void getConnectionWhenTenantConnectsToItsDatabase() {
		inTenant("acme", () -> this.notes.add("Buy milk"));

		inTenant("acme", () -> assertThat(this.notes.all()).extracting(Note::text).containsExactly("Buy milk"));
		inTenant("globex", () -> assertThat(this.notes.all()).isEmpty());
	}

	private void inTenant(String tenant, Runnable body) {
		new Context().run(() -> {
			TenantInterceptor.TENANT.set(tenant);
			body.run();
		});
	}

}

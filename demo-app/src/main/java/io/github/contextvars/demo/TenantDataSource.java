package io.github.contextvars.demo;

import java.util.stream.Collectors;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabase;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseBuilder;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseType;
import org.springframework.jdbc.datasource.lookup.AbstractRoutingDataSource;
import org.springframework.stereotype.Component;

/**
 * {@link javax.sql.DataSource} that connects to the database of the current tenant. It
 * has no default: without a tenant there is no connection.
 */
@Component
final class TenantDataSource extends AbstractRoutingDataSource implements DisposableBean {

	TenantDataSource(Tenants tenants) {
		setTargetDataSources(
				tenants.names().stream().collect(Collectors.toMap((tenant) -> tenant, (tenant) -> newDatabase())));
		setLenientFallback(false);
	}

	@Override
	protected Object determineCurrentLookupKey() {
		return TenantInterceptor.TENANT.get();
	}

	@Override
	public void destroy() {
		getResolvedDataSources().values().forEach((database) -> ((EmbeddedDatabase) database).shutdown());
	}

	private static EmbeddedDatabase newDatabase() {
		return new EmbeddedDatabaseBuilder().setType(EmbeddedDatabaseType.H2)
			.generateUniqueName(true)
			.addScript("schema.sql")
			.build();
	}

}

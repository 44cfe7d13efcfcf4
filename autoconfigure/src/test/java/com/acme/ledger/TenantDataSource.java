package com.acme.ledger;

import java.util.HashMap;
import java.util.Map;

import com.zaxxer.hikari.HikariDataSource;
import org.springframework.boot.jdbc.DataSourceBuilder;
import org.springframework.jdbc.datasource.lookup.AbstractRoutingDataSource;
import org.springframework.stereotype.Component;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

// tag::routing-data-source[]
@Component
class TenantDataSource extends AbstractRoutingDataSource implements AutoCloseable {

	@ContextVariable(description = "Whose database this request may touch")
	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	TenantDataSource(LedgerProperties properties) {
		Map<Object, Object> databases = new HashMap<>();
		properties.databases()
			.forEach((tenant, url) -> databases.put(tenant,
					DataSourceBuilder.create().type(HikariDataSource.class).url(url).build()));
		setTargetDataSources(databases);
		setLenientFallback(false);
	}

	@Override
	protected Object determineCurrentLookupKey() {
		return TENANT.get();
	}

	@Override
	public void close() {
		getResolvedDataSources().values().forEach((database) -> ((HikariDataSource) database).close());
	}

}
// end::routing-data-source[]

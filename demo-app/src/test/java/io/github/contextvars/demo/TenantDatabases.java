package io.github.contextvars.demo;

import java.util.List;

import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Direct access to the tenants' databases, without routing by the current tenant.
 *
 * @param dataSource the data source that owns the databases
 */
record TenantDatabases(TenantDataSource dataSource) {

	void clear() {
		for (Object tenant : this.dataSource.getResolvedDataSources().keySet()) {
			jdbc(tenant).sql("truncate table note restart identity").update();
			jdbc(tenant).sql("truncate table audit restart identity").update();
		}
	}

	List<Note> notes(String tenant) {
		return jdbc(tenant).sql("select id, author, text from note order by id").query(Note.class).list();
	}

	List<AuditTrail.Entry> audit(String tenant) {
		return jdbc(tenant).sql("select tenant, actor, action, thread from audit order by id")
			.query(AuditTrail.Entry.class)
			.list();
	}

	private JdbcClient jdbc(Object tenant) {
		return JdbcClient.create(this.dataSource.getResolvedDataSources().get(tenant));
	}

}

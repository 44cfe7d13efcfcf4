package io.github.contextvars.demo;

import java.util.List;

import org.springframework.jdbc.core.DataClassRowMapper;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Async;
import org.springframework.stereotype.Component;

/**
 * Component that records who did what, in the database of the current tenant.
 */
@Component
class AuditTrail {

	private static final RowMapper<Entry> ROWS = DataClassRowMapper.newInstance(Entry.class);

	private final JdbcClient jdbc;

	AuditTrail(JdbcClient jdbc) {
		this.jdbc = jdbc;
	}

	/**
	 * Record an action in the background. Tenant and user are in the context, on this
	 * thread as on the caller's. They are not parameters, so a caller cannot pass wrong
	 * ones.
	 * @param action what was done
	 */
	@Async
	void record(String action) {
		this.jdbc.sql("insert into audit (tenant, actor, action, thread) values (?, ?, ?, ?)")
			.params(TenantInterceptor.TENANT.get(), TenantInterceptor.USER.get(), action,
					Thread.currentThread().getName())
			.update();
	}

	List<Entry> entries() {
		return this.jdbc.sql("select tenant, actor, action, thread from audit order by id").query(ROWS).list();
	}

	/**
	 * Entry of the audit trail.
	 *
	 * @param tenant the tenant whose data was read or changed
	 * @param actor the name of the user who did it
	 * @param action what was done
	 * @param thread the name of the thread that recorded it
	 */
	record Entry(String tenant, String actor, String action, String thread) {

	}

}

package io.github.contextvars.demo;

import java.util.List;

import org.springframework.jdbc.core.DataClassRowMapper;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Async;
import org.springframework.stereotype.Component;

/**
 * Who did what, in the current tenant's own database.
 */
@Component
class AuditTrail {

	private static final RowMapper<Entry> ROWS = DataClassRowMapper.newInstance(Entry.class);

	private final JdbcClient jdbc;

	AuditTrail(JdbcClient jdbc) {
		this.jdbc = jdbc;
	}

	/**
	 * Record an action in the background. Who did it and for whom is in the context, on
	 * this thread as on the caller's: nobody passes it, nobody can pass a wrong one.
	 * @param action what was done
	 */
	@Async
	void record(String action) {
		this.jdbc.sql("insert into audit (tenant, actor, action, thread) values (?, ?, ?, ?)")
			.params(Caller.TENANT.get(), Caller.USER.get(), action, Thread.currentThread().getName())
			.update();
	}

	List<Entry> entries() {
		return this.jdbc.sql("select tenant, actor, action, thread from audit order by id").query(ROWS).list();
	}

	/**
	 * Something that was done.
	 *
	 * @param tenant for whom
	 * @param actor by whom
	 * @param action what
	 * @param thread the thread that recorded it
	 */
	record Entry(String tenant, String actor, String action, String thread) {

	}

}

package io.github.contextvars.demo;

import java.util.List;
import java.util.Locale;

import org.springframework.jdbc.core.DataClassRowMapper;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.annotation.Transactional;

/**
 * Repository of the current tenant's notes.
 */
@Repository
class NoteStore {

	private static final int MAX_FOUND = 50;

	private static final RowMapper<Note> ROWS = DataClassRowMapper.newInstance(Note.class);

	private final JdbcClient jdbc;

	NoteStore(JdbcClient jdbc) {
		this.jdbc = jdbc;
	}

	List<Note> all() {
		return this.jdbc.sql("select id, author, text from note order by id").query(ROWS).list();
	}

	// Reads every note, which is slow as soon as a tenant has many.
	List<Note> search(String text) {
		String wanted = text.toLowerCase(Locale.ROOT);
		return all().stream()
			.filter((note) -> note.text().toLowerCase(Locale.ROOT).contains(wanted))
			.limit(MAX_FOUND)
			.toList();
	}

	Note require(long id) {
		return this.jdbc.sql("select id, author, text from note where id = ?")
			.param(id)
			.query(ROWS)
			.optional()
			.orElseThrow(() -> ProblemException.notFound("There is no note " + id));
	}

	Note add(String text) {
		return insert(TenantInterceptor.USER.get(), text);
	}

	@Transactional
	void addAll(List<Note> notes) {
		notes.forEach((note) -> insert(note.author(), note.text()));
	}

	void addArchive(int count) {
		this.jdbc
			.sql("insert into note (author, text) select 'archive', 'Note ' || x || ' of the archive'"
					+ " from system_range(1, ?)")
			.param(count)
			.update();
	}

	private Note insert(String author, String text) {
		return this.jdbc.sql("select id, author, text from final table (insert into note (author, text) values (?, ?))")
			.params(author, text)
			.query(ROWS)
			.single();
	}

}

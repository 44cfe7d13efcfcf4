package io.github.contextvars.demo;

import java.util.List;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.annotation.Transactional;

/**
 * The notes of the current tenant.
 */
@Repository
class NoteStore {

	private final JdbcClient jdbc;

	NoteStore(JdbcClient jdbc) {
		this.jdbc = jdbc;
	}

	List<Note> all() {
		return this.jdbc.sql("select id, author, text from note order by id").query(Note.class).list();
	}

	Note add(String text) {
		return insert(Caller.USER.get(), text);
	}

	@Transactional
	void addAll(List<Note> notes) {
		notes.forEach((note) -> insert(note.author(), note.text()));
	}

	private Note insert(String author, String text) {
		return this.jdbc.sql("select id, author, text from final table (insert into note (author, text) values (?, ?))")
			.params(author, text)
			.query(Note.class)
			.single();
	}

}

package io.github.contextvars.demo;

import java.util.List;

import org.springframework.stereotype.Service;

/**
 * Copies notes of another tenant to the current one.
 */
@Service
class NoteImport {

	private final NeighbourNotes neighbourNotes;

	private final NoteStore notes;

	NoteImport(NeighbourNotes neighbourNotes, NoteStore notes) {
		this.neighbourNotes = neighbourNotes;
		this.notes = notes;
	}

	// Not transactional: a transaction is bound to one tenant's connection.
	int importFrom(String tenant, Pause pause) {
		List<Note> theirs = this.neighbourNotes.of(tenant, pause);
		this.notes.addAll(theirs);
		return theirs.size();
	}

}

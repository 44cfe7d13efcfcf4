package io.github.contextvars.demo;

import java.util.List;

import org.springframework.stereotype.Service;

/**
 * Service that copies the notes of another tenant to the current one.
 */
@Service
class NoteImporter {

	private final CrossTenantNotes crossTenantNotes;

	private final NoteStore notes;

	NoteImporter(CrossTenantNotes crossTenantNotes, NoteStore notes) {
		this.crossTenantNotes = crossTenantNotes;
		this.notes = notes;
	}

	// Not transactional: a transaction is bound to one tenant's connection.
	int importFrom(String tenant, Pause pause) {
		List<Note> imported = this.crossTenantNotes.readFrom(tenant, pause);
		this.notes.addAll(imported);
		return imported.size();
	}

}

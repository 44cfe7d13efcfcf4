package io.github.contextvars.demo;

import java.util.List;

import org.springframework.stereotype.Service;

import io.github.contextvars.spring.annotation.ContextScoped;

/**
 * Looks across the fence: the only place that changes the tenant within a request.
 */
@Service
class NeighbourNotes {

	private final NoteStore notes;

	NeighbourNotes(NoteStore notes) {
		this.notes = notes;
	}

	/**
	 * Read another tenant's notes. THIS DEMO LETS EVERYBODY: a real application would
	 * check here that the caller has the other tenant's permission.
	 * @param tenant the other tenant; current until this method returns
	 * @param pause how long to look
	 * @return the other tenant's notes
	 */
	@ContextScoped
	List<Note> of(String tenant, Pause pause) {
		Caller.TENANT.set(tenant);
		pause.take();
		return this.notes.all();
	}

}

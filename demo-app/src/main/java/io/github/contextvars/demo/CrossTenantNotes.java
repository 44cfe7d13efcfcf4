package io.github.contextvars.demo;

import java.util.List;

import org.springframework.stereotype.Service;

import io.github.contextvars.spring.annotation.ContextScoped;

/**
 * Service that reads the notes of a tenant other than the caller's: the only place that
 * changes the tenant within a request.
 */
@Service
class CrossTenantNotes {

	private final NoteStore notes;

	CrossTenantNotes(NoteStore notes) {
		this.notes = notes;
	}

	/**
	 * Read the notes of another tenant. THIS DEMO PERMITS EVERY CALLER: a real
	 * application checks here that the caller may read the other tenant's notes.
	 * @param tenant the other tenant, which is the current one until this method returns
	 * @param pause how long to wait before reading
	 * @return the other tenant's notes
	 */
	@ContextScoped
	List<Note> readFrom(String tenant, Pause pause) {
		TenantInterceptor.TENANT.set(tenant);
		pause.take();
		return this.notes.all();
	}

}

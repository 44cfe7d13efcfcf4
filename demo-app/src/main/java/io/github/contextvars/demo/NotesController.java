package io.github.contextvars.demo;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.spring.annotation.FromContext;

/**
 * Controller that lists, adds, imports and exports the notes of the caller's tenant.
 */
@RestController
@RequestMapping("/notes")
class NotesController {

	private final Tenants tenants;

	private final NoteStore notes;

	private final NoteImporter noteImporter;

	private final AuditTrail auditTrail;

	NotesController(Tenants tenants, NoteStore notes, NoteImporter noteImporter, AuditTrail auditTrail) {
		this.tenants = tenants;
		this.notes = notes;
		this.noteImporter = noteImporter;
		this.auditTrail = auditTrail;
	}

	@GetMapping
	Page list(@FromContext("tenant") String tenant) {
		return new Page(tenant, this.notes.all());
	}

	@GetMapping("/search")
	Page search(@FromContext("tenant") String tenant, @RequestParam String text) {
		return new Page(tenant, this.notes.search(text));
	}

	@PostMapping
	@ResponseStatus(HttpStatus.CREATED)
	Note add(@RequestBody Draft draft) {
		Note note = this.notes.add(draft.checkedText());
		this.auditTrail.record("added note " + note.id());
		return note;
	}

	// A Callable runs on a thread of the task executor, while Tomcat's thread is free.
	@PostMapping("/import")
	Callable<Imported> importNotes(@RequestParam String from, @RequestParam(defaultValue = "0") int seconds) {
		String other = this.tenants.require("Parameter 'from'", from);
		Pause pause = Pause.require(seconds);
		return () -> {
			int count = this.noteImporter.importFrom(other, pause);
			this.auditTrail.record("imported " + count + " notes from " + other);
			return new Imported(other, count);
		};
	}

	@GetMapping(path = "/export", produces = MediaType.TEXT_PLAIN_VALUE)
	Callable<String> export(@RequestParam(defaultValue = "0") int seconds) {
		Pause pause = Pause.require(seconds);
		return () -> {
			pause.take();
			String header = "Notes of %s, exported by %s on %s\n".formatted(TenantInterceptor.TENANT.get(),
					TenantInterceptor.USER.get(), Thread.currentThread().getName());
			this.auditTrail.record("exported the notes");
			return this.notes.all()
				.stream()
				.map((note) -> "%d. %s (%s)\n".formatted(note.id(), note.text(), note.author()))
				.collect(Collectors.joining("", header, ""));
		};
	}

	private record Page(String tenant, List<Note> notes) {

	}

	private record Imported(String from, int count) {

	}

	private record Draft(@Nullable String text) {

		private String checkedText() {
			if (this.text == null || this.text.isBlank() || this.text.length() > 1000) {
				throw ProblemException.badRequest("'text' must have 1 to 1000 characters");
			}
			return this.text;
		}

	}

}

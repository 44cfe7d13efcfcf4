package io.github.contextvars.demo;

import java.util.List;
import java.util.concurrent.Callable;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/**
 * Controller that has notes of the caller's tenant printed by another service.
 */
@RestController
class PrintController {

	private final NoteStore notes;

	private final PrinterClient printer;

	PrintController(NoteStore notes, PrinterClient printer) {
		this.notes = notes;
		this.printer = printer;
	}

	@PostMapping("/notes/{id}/print")
	Callable<Sheet> print(@PathVariable long id, @RequestParam(defaultValue = "0") int seconds) {
		Note note = this.notes.require(id);
		Pause pause = Pause.require(seconds);
		return () -> this.printer.print(note, pause);
	}

	@PostMapping(path = "/notes/{id}/mail", produces = MediaType.TEXT_PLAIN_VALUE)
	@ResponseStatus(HttpStatus.ACCEPTED)
	String mail(@PathVariable long id, @RequestParam(defaultValue = "0") int seconds) {
		this.printer.mail(this.notes.require(id), Pause.require(seconds));
		return "Note %d is in the mail\n".formatted(id);
	}

	@GetMapping("/notes/sheets")
	List<Sheet> sheets() {
		return this.printer.sheets();
	}

	// The page cannot reach the printer itself.
	@GetMapping(path = "/printer/contextvars", produces = MediaType.APPLICATION_JSON_VALUE)
	String contexts() {
		return this.printer.contexts();
	}

}

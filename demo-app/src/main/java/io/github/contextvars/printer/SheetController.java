package io.github.contextvars.printer;

import java.util.List;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Controller that prints and lists the sheets of the caller's tenant.
 */
@RestController
@RequestMapping("/sheets")
class SheetController {

	private final Printer printer;

	SheetController(Printer printer) {
		this.printer = printer;
	}

	@PostMapping
	Sheet print(@RequestBody Job job) {
		return this.printer.print("print", job.text(), job.seconds());
	}

	@GetMapping
	List<Sheet> list() {
		return this.printer.sheets();
	}

	private record Job(String text, int seconds) {

	}

}

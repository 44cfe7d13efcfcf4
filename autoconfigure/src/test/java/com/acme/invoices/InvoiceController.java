package com.acme.invoices;

import java.util.List;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
class InvoiceController {

	private final Invoices invoices;

	InvoiceController(Invoices invoices) {
		this.invoices = invoices;
	}

	@GetMapping("/all")
	List<String> all() {
		return this.invoices.all();
	}

	@GetMapping("/write")
	void write(String text) {
		this.invoices.write(text);
	}

	@GetMapping("/write-later")
	void writeLater(String text) {
		this.invoices.writeLater(text);
	}

}

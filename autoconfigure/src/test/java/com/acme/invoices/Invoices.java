package com.acme.invoices;

import java.util.List;

import org.springframework.scheduling.annotation.Async;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;

@Service
class Invoices {

	private final InvoiceRepository invoices;

	Invoices(InvoiceRepository invoices) {
		this.invoices = invoices;
	}

	List<String> all() {
		return this.invoices.findAll().stream().map(Invoice::text).toList();
	}

	void write(String text) {
		this.invoices.save(new Invoice(text));
	}

	// tag::auditing-async[]
	@Async
	void writeLater(String text) {
		this.invoices.save(new Invoice(text));
	}
	// end::auditing-async[]

	// tag::auditing-scoped[]
	@ContextScoped(set = { @ContextSetting(variable = "tenant", value = "#tenant"),
			@ContextSetting(variable = "user", value = "'reminders'") })
	@Transactional
	void remind(String tenant) {
		this.invoices.findByRemindedFalse().forEach(Invoice::remind);
	}
	// end::auditing-scoped[]

}

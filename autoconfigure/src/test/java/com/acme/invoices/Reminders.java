package com.acme.invoices;

import java.util.List;

import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

@Component
class Reminders {

	private static final List<String> TENANTS = List.of("acme", "globex");

	private final Invoices invoices;

	Reminders(Invoices invoices) {
		this.invoices = invoices;
	}

	// tag::auditing-scheduled[]
	@Scheduled(fixedDelayString = "${reminders.delay:1h}")
	void remind() {
		TENANTS.forEach(this.invoices::remind);
	}
	// end::auditing-scheduled[]

}

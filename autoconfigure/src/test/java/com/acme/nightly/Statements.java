package com.acme.nightly;

import java.util.concurrent.CompletableFuture;

import org.springframework.scheduling.annotation.Async;
import org.springframework.stereotype.Service;

import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;

@Service
class Statements {

	private final Printer printer;

	Statements(Printer printer) {
		this.printer = printer;
	}

	void write() {
		this.printer.print("Statement for " + NightlyApplication.TENANT.get());
	}

	// tag::schedulers-scoped[]
	@ContextScoped(set = @ContextSetting(variable = "tenant", value = "#tenant"))
	void writeFor(String tenant) {
		write();
	}
	// end::schedulers-scoped[]

	// tag::schedulers-parallel[]
	@Async
	@ContextScoped(set = @ContextSetting(variable = "tenant", value = "#tenant"))
	CompletableFuture<Void> writeLaterFor(String tenant) {
		write();
		return CompletableFuture.completedFuture(null);
	}
	// end::schedulers-parallel[]

}

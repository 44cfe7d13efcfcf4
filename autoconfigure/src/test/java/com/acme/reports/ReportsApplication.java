package com.acme.reports;

import java.util.concurrent.CompletableFuture;

import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.stereotype.Service;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;

/**
 * The application of docs/how-to/spring-security.md.
 */
@EnableAsync
@EnableMethodSecurity
@SpringBootApplication
class ReportsApplication {

	// tag::security-variables[]
	@ContextVariable(description = "Whose data this request may touch")
	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	@ContextVariable(description = "Who is asking")
	static final ContextVar<String> USER = ContextVar.of("user");

	@ContextVariable(description = "What the user has presented", sensitive = true)
	static final ContextVar<Jwt> TOKEN = ContextVar.of("token");

	// end::security-variables[]

	// tag::security-service[]
	@Service
	static class Reports {

		@Async
		@PreAuthorize("hasAuthority('SCOPE_reports')")
		CompletableFuture<String> create() {
			return CompletableFuture.completedFuture("Report for " + USER.get() + " of " + TENANT.get());
		}

	}
	// end::security-service[]

	@Service
	static class Audits {

		@Async
		CompletableFuture<String> who() {
			return CompletableFuture.completedFuture(SecurityContextHolder.getContext().getAuthentication().getName()
					+ " as " + USER.get() + " with the token of " + TOKEN.get().getSubject());
		}

		@ContextScoped(set = @ContextSetting(variable = "user", value = "'batch'"))
		String asBatch() {
			return SecurityContextHolder.getContext().getAuthentication().getName() + " as " + USER.get();
		}

	}

	@RestController
	record Requests(Reports reports, Audits audits) {

		@GetMapping("/report")
		CompletableFuture<String> report() {
			return this.reports.create();
		}

		@GetMapping("/who")
		CompletableFuture<String> who() {
			return this.audits.who();
		}

		@GetMapping("/as-batch")
		String asBatch() {
			return this.audits.asBatch();
		}

		// tag::security-controller[]
		@GetMapping("/greeting")
		String greeting(@FromContext String user, @FromContext String tenant) {
			return "Hello, " + user + " of " + tenant;
		}
		// end::security-controller[]

	}

}

package com.acme.invoices;

import java.util.Optional;

import org.springframework.data.domain.AuditorAware;
import org.springframework.stereotype.Component;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

// tag::auditing-auditor[]
@Component
class CurrentUser implements AuditorAware<String> {

	@ContextVariable(description = "Who changes data")
	static final ContextVar<String> USER = ContextVar.of("user");

	@Override
	public Optional<String> getCurrentAuditor() {
		return Optional.of(USER.get());
	}

}
// end::auditing-auditor[]

package io.github.contextvars.demo;

import java.util.List;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Controller that lists the audit trail of the caller's tenant.
 */
@RestController
class AuditController {

	private final AuditTrail auditTrail;

	AuditController(AuditTrail auditTrail) {
		this.auditTrail = auditTrail;
	}

	@GetMapping("/audit")
	List<AuditTrail.Entry> audit() {
		return this.auditTrail.entries();
	}

}

package com.acme.ledger;

import java.util.List;

import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
class LedgerController {

	private final Ledger ledger;

	LedgerController(Ledger ledger) {
		this.ledger = ledger;
	}

	@GetMapping("/entries")
	List<String> entries() {
		return this.ledger.entries();
	}

	@GetMapping("/book")
	void book(String text) {
		this.ledger.book(text);
	}

	@GetMapping("/book-later")
	void bookLater(String text) {
		this.ledger.bookLater(text);
	}

	@Transactional
	@GetMapping("/transfer")
	void transfer(String tenant) {
		this.ledger.book("sent");
		this.ledger.bookFor(tenant, "received");
	}

}

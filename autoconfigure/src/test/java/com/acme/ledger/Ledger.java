package com.acme.ledger;

import java.util.List;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Async;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;

// tag::routing-service[]
@Service
class Ledger {

	private final JdbcClient database;

	Ledger(JdbcClient database) {
		this.database = database;
	}

	List<String> entries() {
		return this.database.sql("select text from entry").query(String.class).list();
	}

	@Transactional
	void book(String text) {
		this.database.sql("insert into entry(text) values (?)").param(text).update();
	}

	@Async
	@Transactional
	void bookLater(String text) {
		book(text);
	}

	@ContextScoped(set = @ContextSetting(variable = "tenant", value = "#tenant"))
	@Transactional(propagation = Propagation.REQUIRES_NEW)
	void bookFor(String tenant, String text) {
		book(text);
	}

}
// end::routing-service[]

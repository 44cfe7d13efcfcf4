package io.github.contextvars.printer;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.springframework.stereotype.Service;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

/**
 * Service that prints sheets for the current tenant and user, and keeps the latest ones.
 */
@Service
class Printer {

	@ContextVariable(description = "Whose sheet this is", header = "X-Tenant")
	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	@ContextVariable(description = "Who wants it", header = "X-User")
	static final ContextVar<String> USER = ContextVar.of("user", "anonymous");

	private static final int MAX_SECONDS = 10;

	private static final int MAX_SHEETS = 100;

	private final Deque<Sheet> sheets = new ArrayDeque<>();

	/**
	 * Print a sheet.
	 * @param by how the text has come
	 * @param text the text
	 * @param seconds how long it takes, so that it can be watched
	 * @return the sheet
	 */
	Sheet print(String by, String text, int seconds) {
		work(seconds);
		Sheet sheet = new Sheet(TENANT.get(), USER.get(), by, text, Thread.currentThread().getName());
		keep(sheet);
		return sheet;
	}

	/**
	 * List the sheets of the current tenant.
	 * @return the latest sheets
	 */
	synchronized List<Sheet> sheets() {
		String tenant = TENANT.get();
		return this.sheets.stream().filter((sheet) -> sheet.tenant().equals(tenant)).toList();
	}

	private synchronized void keep(Sheet sheet) {
		this.sheets.add(sheet);
		if (this.sheets.size() > MAX_SHEETS) {
			this.sheets.remove();
		}
	}

	private static void work(int seconds) {
		try {
			TimeUnit.SECONDS.sleep(Math.min(seconds, MAX_SECONDS));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}

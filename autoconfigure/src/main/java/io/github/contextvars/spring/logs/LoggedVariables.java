package io.github.contextvars.spring.logs;

import java.util.List;

import ch.qos.logback.classic.LoggerContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;

import io.github.contextvars.spring.declare.ContextVariables;

/**
 * Adds the values of an application's logged variables to the log events of Logback,
 * until it is closed. Where several applications share a Logback, events carry the
 * variables of all of them; of two that share a name, that of the youngest application
 * counts.
 */
public final class LoggedVariables implements AutoCloseable {

	private final List<ContextVariables.Declaration> declarations;

	private @Nullable ContextMdcAdapter adapter;

	private LoggedVariables(ContextVariables variables) {
		this.declarations = variables.all().stream().filter(ContextVariables.Declaration::logged).toList();
	}

	/**
	 * Add logged variables from now on.
	 * @param variables the declared variables
	 * @param loggerFactory whose events to add them to; unless it is Logback's, nothing
	 * happens
	 * @return what takes them out when it is closed
	 */
	public static LoggedVariables install(ContextVariables variables, ILoggerFactory loggerFactory) {
		LoggedVariables logged = new LoggedVariables(variables);
		if (loggerFactory instanceof LoggerContext loggerContext && !logged.declarations.isEmpty()) {
			logged.adapter = ContextMdcAdapter.install(loggerContext, logged);
		}
		return logged;
	}

	@Override
	public void close() {
		ContextMdcAdapter adapter = this.adapter;
		if (adapter != null) {
			adapter.uninstall(this);
		}
	}

	List<ContextVariables.Declaration> declarations() {
		return this.declarations;
	}

}

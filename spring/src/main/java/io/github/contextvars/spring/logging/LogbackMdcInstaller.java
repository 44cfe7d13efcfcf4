package io.github.contextvars.spring.logging;

import ch.qos.logback.classic.LoggerContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;

/**
 * Makes Logback's events ask for logged variables, until it is closed. Applications that
 * share a Logback may install one each.
 */
public final class LogbackMdcInstaller implements AutoCloseable {

	private final @Nullable ContextMdcAdapter adapter;

	private LogbackMdcInstaller(LoggedVariableProvider variables, ILoggerFactory loggerFactory) {
		boolean needed = loggerFactory instanceof LoggerContext && !variables.isEmpty();
		this.adapter = needed ? ContextMdcAdapter.install((LoggerContext) loggerFactory, this) : null;
	}

	/**
	 * Make events ask from now on.
	 * @param variables the application's logged variables; if there are none, nothing
	 * happens
	 * @param loggerFactory whose events these are; unless it is Logback's, nothing
	 * happens
	 * @return what puts back what was there before when it is closed
	 */
	public static LogbackMdcInstaller install(LoggedVariableProvider variables, ILoggerFactory loggerFactory) {
		return new LogbackMdcInstaller(variables, loggerFactory);
	}

	@Override
	public void close() {
		ContextMdcAdapter adapter = this.adapter;
		if (adapter != null) {
			adapter.uninstall(this);
		}
	}

}

package io.github.contextvars.spring.logging;

import ch.qos.logback.classic.LoggerContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;

/**
 * Installer of the {@link ContextMdcAdapter} in a Logback, until it is closed.
 * Applications that share a Logback may install one each.
 */
final class LogbackMdcInstaller implements AutoCloseable {

	private final @Nullable ContextMdcAdapter adapter;

	private LogbackMdcInstaller(LoggedVariableProvider variables, ILoggerFactory loggerFactory) {
		boolean needed = loggerFactory instanceof LoggerContext && !variables.isEmpty();
		this.adapter = needed ? ContextMdcAdapter.install((LoggerContext) loggerFactory, this) : null;
	}

	/**
	 * Install the adapter.
	 * @param variables the application's logged variables; if there are none, nothing
	 * happens
	 * @param loggerFactory the logger factory; unless it is Logback's, nothing happens
	 * @return the installation, which restores the previous adapter when it is closed
	 */
	static LogbackMdcInstaller install(LoggedVariableProvider variables, ILoggerFactory loggerFactory) {
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

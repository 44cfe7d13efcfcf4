package io.github.contextvars.spring.logging;

import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.BasicStatusManager;
import ch.qos.logback.core.status.StatusManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.spi.MDCAdapter;

/**
 * {@link MDCAdapter} that adds logged variables to the MDC map that log events see.
 * SLF4J's {@code MDC} keeps the original adapter, and neither sees nor copies what is
 * added here.
 * <p>
 * An event asks its logger context's adapter for the map on the thread that logs: when an
 * appender asks the event, and before the event is passed to an asynchronous appender.
 * This is when the variables are read.
 */
// Of a LogbackMDCAdapter, an event takes getPropertyMap() as it is; of any other, a copy.
final class ContextMdcAdapter extends LogbackMDCAdapter {

	private final LoggerContext loggerContext;

	private final MDCAdapter delegate;

	private final Set<LogbackMdcInstaller> users = new HashSet<>();

	private ContextMdcAdapter(LoggerContext loggerContext, MDCAdapter delegate) {
		this.loggerContext = loggerContext;
		this.delegate = delegate;
	}

	static ContextMdcAdapter install(LoggerContext loggerContext, LogbackMdcInstaller user) {
		synchronized (ContextMdcAdapter.class) {
			MDCAdapter present = loggerContext.getMDCAdapter();
			if (present instanceof ContextMdcAdapter adapter) {
				adapter.users.add(user);
				return adapter;
			}
			ContextMdcAdapter adapter = new ContextMdcAdapter(loggerContext, present);
			adapter.users.add(user);
			exchange(loggerContext, adapter);
			return adapter;
		}
	}

	void uninstall(LogbackMdcInstaller user) {
		synchronized (ContextMdcAdapter.class) {
			boolean last = this.users.remove(user) && this.users.isEmpty();
			if (last && this.loggerContext.getMDCAdapter() == this) {
				exchange(this.loggerContext, this.delegate);
			}
		}
	}

	// Logback warns on the console of a second adapter. Without one there, even for a
	// moment, events of other threads would fail.
	private static void exchange(LoggerContext loggerContext, MDCAdapter adapter) {
		StatusManager statusManager = loggerContext.getStatusManager();
		loggerContext.setStatusManager(new BasicStatusManager());
		try {
			loggerContext.setMDCAdapter(adapter);
		}
		finally {
			loggerContext.setStatusManager(statusManager);
		}
	}

	@Override
	public @Nullable Map<String, String> getPropertyMap() {
		Map<String, String> own = (this.delegate instanceof LogbackMDCAdapter logback) ? logback.getPropertyMap()
				: this.delegate.getCopyOfContextMap();
		Map<String, String> merged = LoggedVariableProvider.current((name) -> own != null && own.containsKey(name));
		if (merged.isEmpty()) {
			return own;
		}
		if (own != null) {
			merged.putAll(own);
		}
		return Collections.unmodifiableMap(merged);
	}

	@Override
	public void put(String key, @Nullable String value) {
		this.delegate.put(key, value);
	}

	@Override
	public @Nullable String get(String key) {
		return this.delegate.get(key);
	}

	@Override
	public void remove(String key) {
		this.delegate.remove(key);
	}

	@Override
	public void clear() {
		this.delegate.clear();
	}

	@Override
	public @Nullable Map<String, String> getCopyOfContextMap() {
		return this.delegate.getCopyOfContextMap();
	}

	@Override
	public @Nullable Set<String> getKeys() {
		Map<String, String> own = this.delegate.getCopyOfContextMap();
		return (own != null) ? own.keySet() : null;
	}

	@Override
	@SuppressWarnings({ "rawtypes", "unchecked" }) // as it is declared there
	public void setContextMap(Map contextMap) {
		this.delegate.setContextMap(contextMap);
	}

	@Override
	public void pushByKey(String key, String value) {
		this.delegate.pushByKey(key, value);
	}

	@Override
	public @Nullable String popByKey(String key) {
		return this.delegate.popByKey(key);
	}

	@Override
	public @Nullable Deque<String> getCopyOfDequeByKey(String key) {
		return this.delegate.getCopyOfDequeByKey(key);
	}

	@Override
	public void clearDequeByKey(String key) {
		this.delegate.clearDequeByKey(key);
	}

}

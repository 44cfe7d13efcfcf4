package io.github.contextvars.spring.logging;

import java.util.Map;

import org.apache.logging.log4j.ThreadContext;
import org.apache.logging.log4j.core.util.ContextDataProvider;
import org.jspecify.annotations.Nullable;

/**
 * Adds logged variables to the context data of Log4j2's events. Log4j2 finds it as a
 * service and asks it on the thread that logs, whenever it makes an event.
 */
public final class Log4j2ContextDataProvider implements ContextDataProvider {

	// Which provider wins hangs on the class path. So what the application has put there
	// itself is left out here.
	@Override
	public Map<String, String> supplyContextData() {
		return LoggedVariableProvider.current(ThreadContext::containsKey);
	}

	@Override
	public @Nullable Object getValue(String name) {
		return ThreadContext.containsKey(name) ? null : LoggedVariableProvider.current(name);
	}

}

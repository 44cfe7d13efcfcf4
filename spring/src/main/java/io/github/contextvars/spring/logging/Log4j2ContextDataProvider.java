package io.github.contextvars.spring.logging;

import java.util.Map;

import org.apache.logging.log4j.ThreadContext;
import org.apache.logging.log4j.core.util.ContextDataProvider;
import org.jspecify.annotations.Nullable;

/**
 * {@link ContextDataProvider} that adds logged variables to the context data of Log4j2's
 * events. Log4j2 loads it as a service and calls it on the thread that logs, whenever it
 * creates an event.
 *
 * @since 0.1.0
 */
public final class Log4j2ContextDataProvider implements ContextDataProvider {

	// The order of providers depends on the class path: what the application has put
	// there is left out.
	@Override
	public Map<String, String> supplyContextData() {
		return LoggedVariableProvider.current(ThreadContext::containsKey);
	}

	@Override
	public @Nullable Object getValue(String name) {
		return ThreadContext.containsKey(name) ? null : LoggedVariableProvider.current(name);
	}

}

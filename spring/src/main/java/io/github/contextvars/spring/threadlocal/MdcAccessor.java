package io.github.contextvars.spring.threadlocal;

import java.util.HashMap;
import java.util.Map;

import io.micrometer.context.integration.Slf4jThreadLocalAccessor;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.RunningApplications;

/**
 * Accessor of SLF4J's {@link MDC}. Other threads get a copy without the entries that a
 * logged variable shows under the same name: the variable may have another value there.
 */
final class MdcAccessor extends CopyingAccessor<Map<String, String>> {

	MdcAccessor() {
		super(Slf4jThreadLocalAccessor.KEY);
	}

	@Override
	@Nullable Map<String, String> get() {
		return MDC.getCopyOfContextMap();
	}

	@Override
	Map<String, String> copy(Map<String, String> value) {
		Map<String, String> copy = value;
		for (ContextVariableRegistry variables : RunningApplications.list(ContextVariableRegistry.class)) {
			for (String name : value.keySet()) {
				if (isShown(variables.find(name))) {
					copy = (copy != value) ? copy : new HashMap<>(value);
					copy.remove(name);
				}
			}
		}
		return copy;
	}

	private static boolean isShown(ContextVariableRegistry.@Nullable Declaration declaration) {
		return declaration != null && declaration.logged() && declaration.currentLine() != null;
	}

	@Override
	void set(Map<String, String> value) {
		MDC.setContextMap(value);
	}

	@Override
	void remove() {
		MDC.clear();
	}

}

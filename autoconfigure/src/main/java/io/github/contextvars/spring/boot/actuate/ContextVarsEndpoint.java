package io.github.contextvars.spring.boot.actuate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.SanitizableData;
import org.springframework.boot.actuate.endpoint.Sanitizer;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.ValueFormatter;
import io.github.contextvars.spring.task.ExecutorPropagationReport;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Endpoint @Endpoint} that lists the declared context variables and the contexts
 * that run now, with their values. Values are masked as those of {@code env} are; no code
 * of a value is called, and nothing is stopped while it is listed.
 */
@Endpoint(id = "contextvars")
public final class ContextVarsEndpoint {

	private static final int MAX_CONTEXTS = 1000;

	private static final int MAX_VARIABLES = 100;

	private final ContextVariableRegistry variables;

	private final WorkRegistry liveContexts;

	private final ExecutorPropagationReport executors;

	private final Sanitizer sanitizer;

	private final Show showValues;

	/**
	 * Create an endpoint.
	 * @param variables the declared variables
	 * @param liveContexts what runs now
	 * @param executors which executor beans carry contexts
	 * @param sanitizingFunctions mask values, by the names of variables
	 * @param showValues when to show values
	 */
	public ContextVarsEndpoint(ContextVariableRegistry variables, WorkRegistry liveContexts,
			ExecutorPropagationReport executors, Iterable<SanitizingFunction> sanitizingFunctions, Show showValues) {
		this.variables = variables;
		this.liveContexts = liveContexts;
		this.executors = executors;
		this.sanitizer = new Sanitizer(sanitizingFunctions);
		this.showValues = showValues;
	}

	/**
	 * List all variables. Over JMX whoever may connect counts as authorized, as for
	 * Boot's {@code env}.
	 * @return variables and contexts
	 */
	@ReadOperation
	public ContextVarsDescriptor contextVars() {
		return describe(this.showValues.isShown(true));
	}

	/**
	 * List one variable and the contexts in which it has a value.
	 * @param variable the variable's name
	 * @return the same shape as {@link #contextVars()}, or {@code null} if there is no
	 * such variable
	 */
	@ReadOperation
	public @Nullable ContextVarsDescriptor contextVar(@Selector String variable) {
		return describe(variable, this.showValues.isShown(true));
	}

	ContextVarsDescriptor describe(boolean showUnsanitized) {
		return describe((name) -> true, this.liveContexts.list(), showUnsanitized);
	}

	@Nullable ContextVarsDescriptor describe(String variable, boolean showUnsanitized) {
		List<UnitOfWork> holders = this.liveContexts.list()
			.stream()
			.filter((work) -> work.context().keySet().stream().anyMatch((held) -> held.name().equals(variable)))
			.toList();
		if (holders.isEmpty() && this.variables.find(variable) == null) {
			return null;
		}
		return describe(variable::equals, holders, showUnsanitized);
	}

	private ContextVarsDescriptor describe(Predicate<String> names, List<UnitOfWork> running, boolean showUnsanitized) {
		List<ContextVarsDescriptor.VariableDescriptor> declared = this.variables.all()
			.stream()
			.filter((declaration) -> names.test(declaration.name()))
			.map((declaration) -> describe(declaration, running))
			.toList();
		UnitOfWork current = this.liveContexts.current();
		List<ContextVarsDescriptor.ContextDescriptor> contexts = running.stream()
			.limit(MAX_CONTEXTS)
			.map((work) -> describe(work, work == current, names, showUnsanitized))
			.toList();
		return new ContextVarsDescriptor(declared, contexts, running.size(), this.executors.list());
	}

	private static ContextVarsDescriptor.VariableDescriptor describe(ContextVariableRegistry.Declaration declaration,
			List<UnitOfWork> running) {
		long holders = running.stream().filter((work) -> work.context().containsKey(declaration.variable())).count();
		return new ContextVarsDescriptor.VariableDescriptor(declaration.name(), declaration.declaredBy(),
				declaration.type(), declaration.hasDefault(), declaration.description(), declaration.sensitive(),
				holders);
	}

	private ContextVarsDescriptor.ContextDescriptor describe(UnitOfWork work, boolean current, Predicate<String> names,
			boolean showUnsanitized) {
		Map<String, @Nullable Object> values = new LinkedHashMap<>();
		int count = 0;
		for (Map.Entry<ContextVar<?>, @Nullable Object> entry : work.context().entrySet()) {
			String name = entry.getKey().name();
			if (names.test(name) && ++count <= MAX_VARIABLES) {
				values.put(uniqueKey(values, name), sanitize(entry.getKey(), entry.getValue(), showUnsanitized));
			}
		}
		Thread thread = work.thread();
		return new ContextVarsDescriptor.ContextDescriptor(Long.toString(work.id()),
				work.kind().name().toLowerCase(Locale.ROOT), work.origin(),
				(work.parent() != null) ? work.parent().toString() : null, (thread != null) ? thread.getName() : null,
				work.since(), current, values, count);
	}

	// Variables that nobody declared may share a name.
	private static String uniqueKey(Map<String, ?> values, String name) {
		String key = name;
		for (int i = 2; values.containsKey(key); i++) {
			key = name + " (" + i + ")";
		}
		return key;
	}

	private @Nullable Object sanitize(ContextVar<?> variable, @Nullable Object value, boolean showUnsanitized) {
		if (this.variables.isSensitive(variable)) {
			return SanitizableData.SANITIZED_VALUE;
		}
		try {
			return this.sanitizer.sanitize(new SanitizableData(null, variable.name(), ValueFormatter.of(value)),
					showUnsanitized);
		}
		catch (RuntimeException ex) {
			// A sanitizing function that fails may have been about to mask the value.
			return SanitizableData.SANITIZED_VALUE;
		}
	}

}

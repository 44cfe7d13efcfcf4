package io.github.contextvars.spring.boot.actuate;

import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.SanitizableData;
import org.springframework.boot.actuate.endpoint.Sanitizer;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.OutsideContextPolicy;
import io.github.contextvars.spring.registry.ValueFormatter;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Endpoint @Endpoint} that lists the declared context variables, the contexts that
 * run at this moment with their values, and what propagates. Values are masked as those
 * of {@code env} are. No code of a value is called, and nothing waits while it is listed.
 *
 * @since 0.1.0
 */
@Endpoint(id = "contextvars")
public final class ContextVarsEndpoint {

	private static final Log logger = LogFactory.getLog(ContextVarsEndpoint.class);

	private static final int MAX_CONTEXTS = 1000;

	private static final int MAX_VARIABLES = 100;

	private final ContextVariableRegistry variables;

	private final WorkRegistry workRegistry;

	private final OutsideContextPolicy policy;

	private final ObjectProvider<PropagationSource> propagation;

	private final Sanitizer sanitizer;

	private final Show showValues;

	/**
	 * Create an endpoint.
	 * @param variables the declared variables
	 * @param workRegistry lists the units of work
	 * @param policy lists what happened outside any context
	 * @param propagation contributes to the report of what propagates
	 * @param sanitizingFunctions mask values, by the names of variables
	 * @param showValues when to show values
	 */
	public ContextVarsEndpoint(ContextVariableRegistry variables, WorkRegistry workRegistry,
			OutsideContextPolicy policy, ObjectProvider<PropagationSource> propagation,
			Iterable<SanitizingFunction> sanitizingFunctions, Show showValues) {
		this.variables = variables;
		this.workRegistry = workRegistry;
		this.policy = policy;
		this.propagation = propagation;
		this.sanitizer = new Sanitizer(sanitizingFunctions);
		this.showValues = showValues;
	}

	/**
	 * List all variables and contexts. Over JMX, every client that may connect is
	 * authorized to see values, as for {@code env}.
	 * @return what the application's contexts are
	 */
	@ReadOperation
	public ContextVarsDescriptor contextVars() {
		return describe(this.showValues.isShown(true));
	}

	/**
	 * List one variable and the contexts in which it has a value.
	 * @param variable the name of the variable
	 * @return the same shape as {@link #contextVars()}, or {@code null} if there is no
	 * such variable
	 */
	@ReadOperation
	public @Nullable ContextVarsDescriptor contextVar(@Selector String variable) {
		return describe(variable, this.showValues.isShown(true));
	}

	ContextVarsDescriptor describe(boolean showUnsanitized) {
		return describe((name) -> true, this.workRegistry.list(), showUnsanitized);
	}

	@Nullable ContextVarsDescriptor describe(String variable, boolean showUnsanitized) {
		List<UnitOfWork> holders = this.workRegistry.list()
			.stream()
			.filter((unit) -> unit.context().keySet().stream().anyMatch((held) -> held.name().equals(variable)))
			.toList();
		if (holders.isEmpty() && this.variables.find(variable) == null) {
			return null;
		}
		return describe(variable::equals, holders, showUnsanitized);
	}

	private ContextVarsDescriptor describe(Predicate<String> names, List<UnitOfWork> units, boolean showUnsanitized) {
		List<VariableDescriptor> declared = this.variables.all()
			.stream()
			.filter((declaration) -> names.test(declaration.name()))
			.map((declaration) -> variable(declaration, units))
			.toList();
		UnitOfWork current = this.workRegistry.current();
		List<ContextDescriptor> contexts = units.stream()
			.limit(MAX_CONTEXTS)
			.map((unit) -> context(unit, unit == current, names, showUnsanitized))
			.toList();
		List<OutsideContextPolicy.Access> outside = this.policy.accesses()
			.stream()
			.filter((access) -> names.test(access.variable()))
			.sorted(Comparator.comparing(OutsideContextPolicy.Access::variable)
				.thenComparing(OutsideContextPolicy.Access::place))
			.toList();
		return new ContextVarsDescriptor(declared, contexts, units.size(), outside, propagation());
	}

	private List<PropagationDescriptor> propagation() {
		return this.propagation.stream()
			.flatMap(ContextVarsEndpoint::entries)
			.sorted(Comparator.comparing(PropagationSource.Entry::category)
				.thenComparing(PropagationSource.Entry::name))
			.map((entry) -> new PropagationDescriptor(entry.name(), entry.category(), entry.type(), entry.propagates(),
					entry.mechanism(), entry.reason(), entry.remedy()))
			.toList();
	}

	// One that fails must not hide the others.
	private static Stream<PropagationSource.Entry> entries(PropagationSource source) {
		try {
			return source.entries().toList().stream();
		}
		catch (RuntimeException ex) {
			logger.debug("Left out of the report of what propagates", ex);
			return Stream.empty();
		}
	}

	private static VariableDescriptor variable(ContextVariableRegistry.Declaration declaration,
			List<UnitOfWork> units) {
		long holders = units.stream().filter((unit) -> unit.context().containsKey(declaration.variable())).count();
		return new VariableDescriptor(declaration.name(), declaration.declaredBy(), declaration.type(),
				declaration.hasDefault(), declaration.description(), declaration.sensitive(), holders);
	}

	private ContextDescriptor context(UnitOfWork unit, boolean current, Predicate<String> names,
			boolean showUnsanitized) {
		Map<String, @Nullable Object> values = new LinkedHashMap<>();
		int count = 0;
		for (Map.Entry<ContextVar<?>, @Nullable Object> entry : unit.context().entrySet()) {
			String name = entry.getKey().name();
			if (names.test(name) && ++count <= MAX_VARIABLES) {
				values.put(uniqueKey(values, name), sanitize(entry.getKey(), entry.getValue(), showUnsanitized));
			}
		}
		Thread thread = unit.thread();
		return new ContextDescriptor(Long.toString(unit.id()), unit.kind().toString(), unit.origin(),
				(unit.parent() != null) ? unit.parent().toString() : null, unit.remoteParent(), unit.remoteId(),
				(thread != null) ? thread.getName() : null, unit.since(), current, values, count);
	}

	// Undeclared variables may share a name.
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

	/**
	 * Description of an application's contexts.
	 *
	 * @param variables the declared variables
	 * @param contexts the contexts that run at this moment, in the order in which they
	 * began
	 * @param contextCount the number of contexts, listed or not
	 * @param outside what threads did outside any context
	 * @param propagation the executors, schedulers and entry points, and whether they
	 * propagate
	 */
	@JsonInclude(JsonInclude.Include.ALWAYS)
	public record ContextVarsDescriptor(List<VariableDescriptor> variables, List<ContextDescriptor> contexts,
			int contextCount, List<OutsideContextPolicy.Access> outside,
			List<PropagationDescriptor> propagation) implements OperationResponseBody {

	}

	/**
	 * Description of a declared variable.
	 *
	 * @param name its name
	 * @param declaredBy the field or method that declares it
	 * @param type the declared type of its values
	 * @param hasDefault whether it can be read where it was not set
	 * @param description what it is for
	 * @param sensitive whether its values are always masked
	 * @param contexts in how many of the contexts that run it has a value
	 */
	public record VariableDescriptor(String name, String declaredBy, String type, boolean hasDefault,
			String description, boolean sensitive, long contexts) {

	}

	/**
	 * Description of a context that runs.
	 *
	 * @param id identifies it in the application
	 * @param kind the kind of its unit of work
	 * @param origin what the unit of work was started by
	 * @param parent the id of the context that it was copied from; may no longer be
	 * listed
	 * @param remoteParent the remote id of the context in another process that has sent
	 * the request, call or message; may no longer be listed there
	 * @param remoteId the id by which other processes know this context, or {@code null}
	 * if it was sent to none
	 * @param thread the thread that runs in it
	 * @param since when its unit of work began
	 * @param current whether the request for this description runs in it
	 * @param variables its values by the variables' names, masked where necessary
	 * @param variableCount how many variables have a value, listed or not
	 */
	@JsonInclude(JsonInclude.Include.ALWAYS)
	public record ContextDescriptor(String id, String kind, String origin, @Nullable String parent,
			@Nullable String remoteParent, @Nullable String remoteId, @Nullable String thread, Instant since,
			boolean current, Map<String, @Nullable Object> variables, int variableCount) {

	}

	/**
	 * Description of an executor, a scheduler or an entry point.
	 *
	 * @param name the name of the bean, or what it stands for
	 * @param category what it is, such as {@code executor}
	 * @param type the name of its class
	 * @param propagates whether contexts propagate through it
	 * @param mechanism by which means, or {@code null} if they do not
	 * @param reason why they do not, or {@code null} if they do
	 * @param remedy what to do about it, or {@code null} if they do
	 */
	@JsonInclude(JsonInclude.Include.ALWAYS)
	public record PropagationDescriptor(String name, String category, String type, boolean propagates,
			@Nullable String mechanism, @Nullable String reason, @Nullable String remedy) {

	}

}

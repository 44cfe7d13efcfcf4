package io.github.contextvars.spring.boot.actuate;

import java.time.Instant;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;

import io.github.contextvars.spring.task.ExecutorPropagationReport;

/**
 * What the endpoint answers.
 *
 * @param variables the declared variables
 * @param contexts the contexts that run now, in the order in which they began
 * @param contextCount how many contexts there are, listed or not
 * @param executors the executor beans, and whether they carry contexts
 */
public record ContextVarsDescriptor(List<VariableDescriptor> variables, List<ContextDescriptor> contexts,
		int contextCount, List<ExecutorPropagationReport.Entry> executors) implements OperationResponseBody {

	/**
	 * A declared variable.
	 *
	 * @param name its name
	 * @param declaredBy the field or method that declares it
	 * @param type the declared type of its values
	 * @param hasDefault whether it can be read where it was not set
	 * @param description what it is for
	 * @param sensitive whether its values are always masked
	 * @param contexts in how many of the contexts that run now it has a value
	 */
	public record VariableDescriptor(String name, String declaredBy, String type, boolean hasDefault,
			String description, boolean sensitive, long contexts) {

	}

	/**
	 * A context that runs now.
	 *
	 * @param id tells it from all others of the application
	 * @param kind {@code request}, {@code task}, {@code scoped}, {@code scheduled} or
	 * {@code listener}
	 * @param origin what it was made for
	 * @param parent the id of the context that it was copied from, if any
	 * @param thread the thread that runs in it
	 * @param since when the work in it began
	 * @param current whether the request for this description runs in it
	 * @param variables its values by the variables' names, masked where necessary
	 * @param variableCount how many variables have a value, listed or not
	 */
	@JsonInclude(JsonInclude.Include.ALWAYS)
	public record ContextDescriptor(String id, String kind, String origin, @Nullable String parent,
			@Nullable String thread, Instant since, boolean current, Map<String, @Nullable Object> variables,
			int variableCount) {

	}

}

package io.github.contextvars.spring.observation;

import java.util.List;
import java.util.function.Supplier;

import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationFilter;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.registry.ContextVariableRegistry;

/**
 * {@link ObservationFilter} that adds the values of observed variables to observations,
 * as high-cardinality key values. Micrometer calls it when an observation stops, on the
 * thread that stops it, and the values of that moment are added. A key value that the
 * observation has already is kept, and what another application in the JVM declares
 * sensitive is left out.
 */
final class ContextVariablesObservationFilter implements ObservationFilter {

	private final Supplier<ContextVariableRegistry> variables;

	private final Supplier<List<ContextVariableRegistry.Declaration>> observed;

	/**
	 * Create a filter.
	 * @param variables the declared variables; asked for when an observation stops for
	 * the first time, as registries of observations are made early
	 */
	ContextVariablesObservationFilter(Supplier<ContextVariableRegistry> variables) {
		this.variables = SingletonSupplier.of(variables);
		this.observed = SingletonSupplier.of(() -> this.variables.get()
			.all()
			.stream()
			.filter(ContextVariableRegistry.Declaration::observed)
			.toList());
	}

	@Override
	public Observation.Context map(Observation.Context context) {
		for (ContextVariableRegistry.Declaration declaration : this.observed.get()) {
			String value = declaration.currentLine();
			if (value != null && !has(context, declaration.name())
					&& !this.variables.get().isSensitive(declaration.variable())) {
				context.addHighCardinalityKeyValue(KeyValue.of(declaration.name(), value));
			}
		}
		return context;
	}

	private static boolean has(Observation.Context context, String key) {
		return context.getHighCardinalityKeyValue(key) != null || context.getLowCardinalityKeyValue(key) != null;
	}

}

package io.github.contextvars.spring.observation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsObservationAutoConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;

import static org.assertj.core.api.Assertions.assertThat;

class ContextVariablesObservationFilterTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
				ContextVarsObservationAutoConfiguration.class, ObservationAutoConfiguration.class))
		.withUserConfiguration(Variables.class);

	@Test
	void observationHasWhatIsSetWhenItStops() {
		this.runner.run((context) -> {
			Map<String, String> values = observe(context, () -> {
				Variables.TENANT.set("acme");
				Variables.UNOBSERVED.set("unobserved");
				Variables.TICKET.set("secret");
			});

			assertThat(values).containsExactly(Map.entry("tenant", "acme"));
			assertThat(context.getBean(Recorder.class).lowCardinality).isEmpty();
		});
	}

	@Test
	void variableThatIsNotSetIsNotThere() {
		this.runner.run((context) -> assertThat(observe(context, () -> {
		})).isEmpty());
	}

	@Test
	void variableThatAnotherApplicationDeclaresSensitiveIsNotThere() {
		this.runner.run((context) -> {
			List<Map<String, String>> values = new ArrayList<>();
			try (GenericApplicationContext other = new GenericApplicationContext()) {
				other.registerBean(ContextVariableRegistry.class,
						() -> ContextVariableRegistry.of(other.getBeanFactory()));
				other.registerBean(Discreet.class);
				other.refresh();
				values.add(Map.copyOf(observe(context, () -> Variables.TENANT.set("acme"))));
			}
			values.add(Map.copyOf(observe(context, () -> Variables.TENANT.set("acme"))));

			assertThat(values).containsExactly(Map.of(), Map.of("tenant", "acme"));
		});
	}

	@Test
	void hostileValueShowsAsItsType() {
		this.runner.run((context) -> {
			Map<String, String> values = observe(context, () -> {
				Variables.TENANT.set("a\r\nb" + "x".repeat(1000));
				Variables.HOSTILE.set(new Hostile());
			});

			assertThat(values.get("tenant")).startsWith("a\\u000d\\u000abx").hasSize(256);
			assertThat(values.get("hostile")).isEqualTo(Hostile.class.getName());
		});
	}

	@Test
	void keyValuesOfTheObservationStay() {
		this.runner.run((context) -> {
			ObservationRegistry registry = context.getBean(ObservationRegistry.class);

			Observation.Context observed = new Observation.Context();
			observed.addHighCardinalityKeyValue(KeyValue.of("tenant", "own"));
			observed.addLowCardinalityKeyValue(KeyValue.of("hostile", "own"));
			new Context().run(() -> {
				Variables.TENANT.set("acme");
				Variables.HOSTILE.set("mine");
				Observation.createNotStarted("test", () -> observed, registry).start().stop();
			});

			Recorder recorder = context.getBean(Recorder.class);
			assertThat(recorder.highCardinality).containsExactly(Map.entry("tenant", "own"));
			assertThat(recorder.lowCardinality).containsExactly(Map.entry("hostile", "own"));
		});
	}

	@Test
	void filterCanBeSwitchedOff() {
		this.runner.withPropertyValues("contextvars.metrics.enabled=false")
			.run((context) -> assertThat(observe(context, () -> Variables.TENANT.set("acme"))).isEmpty());
	}

	@Test
	void filterNeedsNoMeters() {
		this.runner.withClassLoader(new FilteredClassLoader("io.micrometer.core"))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(ContextVariablesObservationFilter.class)
				.doesNotHaveBean("contextVarsMeterBinder"));
	}

	private static Map<String, String> observe(ApplicationContext context, Runnable body) {
		ObservationRegistry registry = context.getBean(ObservationRegistry.class);
		new Context().run(() -> Observation.createNotStarted("test", registry).observe(body));
		return context.getBean(Recorder.class).highCardinality;
	}

	@Configuration(proxyBeanMethods = false)
	static class Variables {

		@ContextVariable(observed = true)
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "public");

		@ContextVariable(observed = true)
		static final ContextVar<Object> HOSTILE = ContextVar.of("hostile");

		@ContextVariable
		static final ContextVar<String> UNOBSERVED = ContextVar.of("unobserved");

		@ContextVariable(sensitive = true)
		static final ContextVar<String> TICKET = ContextVar.of("ticket");

		@Bean
		Recorder recorder() {
			return new Recorder();
		}

	}

	static final class Recorder implements ObservationHandler<Observation.Context> {

		private final Map<String, String> highCardinality = new HashMap<>();

		private final Map<String, String> lowCardinality = new HashMap<>();

		@Override
		public void onStop(Observation.Context context) {
			context.getHighCardinalityKeyValues()
				.forEach((pair) -> this.highCardinality.put(pair.getKey(), pair.getValue()));
			context.getLowCardinalityKeyValues()
				.forEach((pair) -> this.lowCardinality.put(pair.getKey(), pair.getValue()));
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return true;
		}

	}

	private static final class Hostile implements CharSequence {

		@Override
		public int length() {
			throw new IllegalStateException("length");
		}

		@Override
		public char charAt(int index) {
			throw new IllegalStateException("charAt");
		}

		@Override
		public CharSequence subSequence(int start, int end) {
			throw new IllegalStateException("subSequence");
		}

		@Override
		public boolean equals(Object other) {
			throw new IllegalStateException("equals");
		}

		@Override
		public int hashCode() {
			throw new IllegalStateException("hashCode");
		}

		@Override
		public String toString() {
			throw new IllegalStateException("toString");
		}

	}

	static class Discreet {

		@ContextVariable(sensitive = true)
		static final ContextVar<String> TENANT = Variables.TENANT;

	}

}

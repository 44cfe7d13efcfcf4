package io.github.contextvars.spring.registry;

import java.util.Map;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A variable that is a bean is injected like any other bean.
 */
class InjectedVariablesTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class));

	@Test
	void variableIsInjectedByTypeOfItsValues() {
		this.runner.withUserConfiguration(OnePerType.class, ByType.class).run((context) -> {
			ByType byType = context.getBean(ByType.class);

			assertThat(byType.text).isSameAs(context.getBean("tenant"));
			assertThat(byType.number).isSameAs(context.getBean("user"));
			assertThat(byType.flags).isSameAs(context.getBean("flags"));
			assertThat(context.getBean(ContextVariableRegistry.class).require("tenant").variable())
				.isSameAs(byType.text);
		});
	}

	@Test
	void variableIsInjectedByQualifierAndByName() {
		this.runner.withUserConfiguration(TwoOfOneType.class, ByName.class).run((context) -> {
			ByName byName = context.getBean(ByName.class);

			assertThat(byName.locale).isSameAs(context.getBean("locale"));
			assertThat(byName.qualified).isSameAs(context.getBean("tenant"));
			assertThat(byName.marked).isSameAs(context.getBean("locale"));
		});
	}

	@Test
	void variableThatIsNotNamedAmongTwoDoesNotStart() {
		this.runner.withUserConfiguration(TwoOfOneType.class, ByType.class)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContainingAll("ContextVar<java.lang.String>", "tenant", "locale"));
	}

	@Configuration(proxyBeanMethods = false)
	static class OnePerType {

		@Bean
		@ContextVariable
		ContextVar<String> tenant() {
			return ContextVar.of("tenant");
		}

		@Bean
		@ContextVariable
		ContextVar<Long> user() {
			return ContextVar.of("user");
		}

		@Bean
		@ContextVariable
		static ContextVar<Map<String, Boolean>> flags() {
			return ContextVar.of("flags");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class TwoOfOneType {

		@Bean
		@ContextVariable
		ContextVar<String> tenant() {
			return ContextVar.of("tenant");
		}

		@Bean
		@Qualifier("marked")
		@ContextVariable
		ContextVar<String> locale() {
			return ContextVar.of("locale");
		}

	}

	static class ByType {

		@Autowired
		private ContextVar<String> text;

		@Autowired
		private ContextVar<Long> number;

		@Autowired
		private ContextVar<Map<String, Boolean>> flags;

	}

	static class ByName {

		private final ContextVar<String> locale;

		private final ContextVar<String> qualified;

		private final ContextVar<String> marked;

		ByName(ContextVar<String> locale, @Qualifier("tenant") ContextVar<String> qualified,
				@Qualifier("marked") ContextVar<String> marked) {
			this.locale = locale;
			this.qualified = qualified;
			this.marked = marked;
		}

	}

}

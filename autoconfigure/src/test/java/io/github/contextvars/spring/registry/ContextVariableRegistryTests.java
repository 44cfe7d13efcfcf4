package io.github.contextvars.spring.registry;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.springframework.beans.BeanUtils;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.samples.Clinic;
import org.springframework.util.ClassUtils;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class ContextVariableRegistryTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class));

	@Test
	void fieldsAndBeansAreDeclared() {
		this.runner.withUserConfiguration(Declarations.class).run((context) -> {
			ContextVariableRegistry variables = context.getBean(ContextVariableRegistry.class);

			assertThat(variables.all()).extracting(ContextVariableRegistry.Declaration::name)
				.containsExactlyInAnyOrder("tenant", "user", "flags", "inherited", "of-interface");
			ContextVariableRegistry.Declaration tenant = variables.require("tenant");
			assertThat(tenant.variable()).isSameAs(Declarations.TENANT);
			assertThat(tenant.declaredBy()).isEqualTo(Declarations.class.getName() + "#TENANT");
			assertThat(tenant.type()).isEqualTo("java.lang.String");
			assertThat(tenant.description()).isEqualTo("Whose data");
			assertThat(tenant.sensitive()).isFalse();
			assertThat(tenant.hasDefault()).isTrue();
			ContextVariableRegistry.Declaration user = variables.require("user");
			assertThat(user.variable()).isSameAs(context.getBean("user"));
			assertThat(user.declaredBy()).isEqualTo(Declarations.class.getName() + "#user");
			assertThat(user.type()).isEqualTo("java.lang.Long");
			assertThat(user.sensitive()).isTrue();
			assertThat(user.hasDefault()).isFalse();
			assertThat(variables.require("flags").type())
				.isEqualTo("java.util.Map<java.lang.String, java.lang.Boolean>");
		});
	}

	@Test
	void fieldsOfApplicationInPackageOfSpringAreDeclared() {
		this.runner.withBean(Clinic.class)
			.run((context) -> assertThat(context.getBean(ContextVariableRegistry.class).names()).contains("clinic"));
	}

	@Test
	void onlyBeansThatHoldVariablesAreCreated() {
		this.runner.withUserConfiguration(LazyConfiguration.class)
			.run((context) -> assertThat(context.getBean(ContextVariableRegistry.class).all()).hasSize(1));
	}

	@Test
	void childContextHasItsOwnVariablesAndThoseOfItsParent() {
		this.runner.withUserConfiguration(Declarations.class)
			.run((parent) -> this.runner.withParent(parent)
				.withUserConfiguration(Duplicate.class, Child.class)
				.run((child) -> {
					ContextVariableRegistry variables = child.getBean(ContextVariableRegistry.class);
					assertThat(variables.names()).hasSize(6)
						.containsAll(parent.getBean(ContextVariableRegistry.class).names());
					assertThat(variables.require("tenant").variable()).isSameAs(Duplicate.ANOTHER);
					assertThat(parent.getBean(ContextVariableRegistry.class).require("tenant").variable())
						.isSameAs(Declarations.TENANT);
				}));
	}

	@Test
	void childContextPrefersItsOwnVariablesToABeanOfItsParent() {
		this.runner.withBean("mine", ContextVariableRegistry.class, () -> new ContextVariableRegistry(List.of()))
			.run((parent) -> this.runner.withParent(parent)
				.withUserConfiguration(Declarations.class)
				.run((child) -> assertThat(child.getBeanProvider(ContextVariableRegistry.class).getObject().names())
					.hasSize(5)));
	}

	@Test
	void requireWhenUnknownNamesWhatThereIs() {
		this.runner.withUserConfiguration(Declarations.class)
			.run((context) -> assertThatIllegalStateException()
				.isThrownBy(() -> context.getBean(ContextVariableRegistry.class).require("tenat"))
				.withMessageContainingAll("'tenat'", "tenant", "@ContextVariable"));
	}

	@Test
	void twoVariablesOfOneNameDoNotStart() {
		this.runner.withUserConfiguration(Declarations.class, Duplicate.class)
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription())
				.startsWith("Two context variables are named 'tenant': ")
				.contains(Declarations.class.getName() + "#TENANT", Duplicate.class.getName() + "#ANOTHER"));
	}

	@Test
	void fieldThatIsNotStaticDoesNotStart() {
		this.runner.withUserConfiguration(NotStatic.class).run((context) -> {
			FailureAnalysis analysis = analyze(context.getStartupFailure());
			assertThat(analysis.getDescription()).contains(NotStatic.class.getName() + "#tenant", "not static");
			assertThat(analysis.getAction()).contains("'static final'");
		});
	}

	@Test
	void fieldThatIsNullDoesNotStart() {
		this.runner.withUserConfiguration(Null.class)
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription())
				.contains(Null.class.getName() + "#TENANT", "is null"));
	}

	@Test
	void fieldThatIsNoVariableDoesNotStart() {
		this.runner.withUserConfiguration(NoVariable.class)
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription())
				.contains(NoVariable.class.getName() + "#TENANT", "holds a java.lang.String"));
	}

	@Test
	void beanThatIsNoVariableDoesNotStart() {
		this.runner.withUserConfiguration(NoVariableBean.class)
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription())
				.contains("Bean 'tenant'", "holds a java.lang.String"));
	}

	@Test
	void sensitiveVariableThatIsObservedDoesNotStart() {
		this.runner.withUserConfiguration(SensitiveAndObserved.class).run((context) -> {
			FailureAnalysis analysis = analyze(context.getStartupFailure());
			assertThat(analysis.getDescription()).isEqualTo("Context variable 'ticket' is declared sensitive and"
					+ " observed: " + SensitiveAndObserved.class.getName() + "#TICKET");
			assertThat(analysis.getAction()).isEqualTo("Remove one of the two: a sensitive value is never shown.");
		});
	}

	@Test
	void sensitiveVariableThatIsLoggedDoesNotStart() {
		this.runner.withUserConfiguration(SensitiveAndLogged.class)
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription())
				.isEqualTo("Context variable 'ticket' is declared sensitive and logged: "
						+ SensitiveAndLogged.class.getName() + "#TICKET"));
	}

	@Test
	void wrongDeclarationStopsLazyApplicationToo() {
		this.runner.withPropertyValues("spring.main.lazy-initialization=true")
			.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
			.withUserConfiguration(Null.class)
			.run((context) -> assertThat(context).hasFailed());
	}

	private static FailureAnalysis analyze(Throwable failure) {
		Class<?> analyzer = ClassUtils.resolveClassName(
				"io.github.contextvars.spring.boot.autoconfigure.InvalidDeclarationFailureAnalyzer", null);
		FailureAnalysis analysis = ((FailureAnalyzer) BeanUtils.instantiateClass(analyzer)).analyze(failure);
		assertThat(analysis).isNotNull();
		return analysis;
	}

	interface Constants {

		@ContextVariable
		ContextVar<List<?>> OF_INTERFACE = ContextVar.of("of-interface");

		default boolean isDeclared() {
			return OF_INTERFACE != null;
		}

	}

	static class Parent {

		@ContextVariable
		private static final ContextVar<String> INHERITED = ContextVar.of("inherited");

	}

	@Configuration(proxyBeanMethods = true)
	static class Declarations extends Parent implements Constants {

		@ContextVariable(description = "Whose data")
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "public");

		static final ContextVar<String> UNDECLARED = ContextVar.of("undeclared");

		@Bean
		@ContextVariable(sensitive = true)
		ContextVar<Long> user() {
			return ContextVar.of("user");
		}

		@Bean
		@ContextVariable
		static ContextVar<Map<String, Boolean>> flags() {
			return ContextVar.of("flags", Map.of());
		}

		@Bean
		Parent another() {
			return new Parent();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class LazyConfiguration {

		@Bean
		@Lazy
		LazyBean lazy() {
			throw new IllegalStateException("created");
		}

	}

	static class LazyBean {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

	}

	@Configuration(proxyBeanMethods = false)
	static class Duplicate {

		@ContextVariable
		static final ContextVar<String> ANOTHER = ContextVar.of("tenant");

	}

	@Configuration(proxyBeanMethods = false)
	static class Child {

		@ContextVariable
		static final ContextVar<String> DESK = ContextVar.of("desk");

	}

	@Configuration(proxyBeanMethods = false)
	static class NotStatic {

		@ContextVariable
		private final ContextVar<String> tenant = ContextVar.of("tenant");

	}

	@Configuration(proxyBeanMethods = false)
	static class SensitiveAndLogged {

		@ContextVariable(sensitive = true, logged = true)
		static final ContextVar<String> TICKET = ContextVar.of("ticket");

	}

	@Configuration(proxyBeanMethods = false)
	static class SensitiveAndObserved {

		@ContextVariable(sensitive = true, observed = true)
		static final ContextVar<String> TICKET = ContextVar.of("ticket");

	}

	@Configuration(proxyBeanMethods = false)
	static class Null {

		@ContextVariable
		static final ContextVar<String> TENANT = null;

	}

	@Configuration(proxyBeanMethods = false)
	static class NoVariable {

		@ContextVariable
		static final String TENANT = "tenant";

	}

	@Configuration(proxyBeanMethods = false)
	static class NoVariableBean {

		@Bean
		@ContextVariable
		String tenant() {
			return "tenant";
		}

	}

}

package io.github.contextvars.spring.fill;

import java.util.List;
import java.util.Map;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.core.ClaimAccessor;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsFillAutoConfiguration;
import io.github.contextvars.spring.registry.InvalidDeclarationException;
import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@code contextvars.fill} accepts.
 */
class ContextFillConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withUserConfiguration(Application.class)
		.withConfiguration(
				AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsFillAutoConfiguration.class));

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"',
			textBlock = """
					contextvars.fill.tenat.header=X-Tenant                              | 'contextvars.fill.tenat' names a context variable that is not declared
					contextvars.fill.tenant.required=true                               | 'contextvars.fill.tenant' has no source
					contextvars.fill.tenant.claim=id contextvars.fill.tenant.principal=true | 'contextvars.fill.tenant' has both a claim and the principal as the source
					contextvars.fill.tenant.header=X:Tenant                             | 'contextvars.fill.tenant.header' is 'X:Tenant', which is not the name of a header
					contextvars.fill.tenant.claims=id                                   | 'contextvars.fill.tenant.claims' is not a property of a variable that is filled
					contextvars.fill[user.id].requird=true                              | 'contextvars.fill[user.id].requird' is not a property of a variable that is filled
					contextvars.fill.user.id.header=X-User                              | 'contextvars.fill.user.id.header' fills no variable: a name with dots needs brackets
					contextvars.fill.tenant.header=X-Tenant contextvars.fill.tenant.pattern=[a | 'contextvars.fill.tenant.pattern' is no regular expression
					""")
	void invalidRulesFailOnStartup(String properties, String description) {
		this.runner.withPropertyValues(properties.split(" "))
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.asInstanceOf(InstanceOfAssertFactories.type(InvalidDeclarationException.class))
				.satisfies((ex) -> assertThat(ex).hasMessageContaining(description))
				.satisfies((ex) -> assertThat(ex.action()).isNotBlank()));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
			contextvars.fill.tenant.principal=true | Spring Security is not on the class path
			contextvars.fill.tenant.claim=id       | Spring Security is not on the class path
			""")
	void sourceWhoseLibraryIsAbsentFailsOnStartup(String property, String description) {
		this.runner.withClassLoader(new FilteredClassLoader(Authentication.class))
			.withPropertyValues(property)
			.run((context) -> assertThat(context).getFailure().rootCause().hasMessageContaining(description));
	}

	@Test
	void claimNeedsTheLibraryOfTokens() {
		this.runner.withClassLoader(new FilteredClassLoader(ClaimAccessor.class))
			.withPropertyValues("contextvars.fill.tenant.claim=id")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("Spring Security's OAuth2 support is not on the class path"));
	}

	@Test
	void dotsInNamesNeedBrackets() {
		this.runner.withPropertyValues("contextvars.fill.user.id.header=X-User")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.asInstanceOf(InstanceOfAssertFactories.type(InvalidDeclarationException.class))
				.satisfies((ex) -> assertThat(ex.action()).isEqualTo("Write 'contextvars.fill[user.id].header'.")));
		this.runner.withPropertyValues("contextvars.fill[user.id].header=X-User")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void variableOfTheEnvironmentIsARule() {
		this.runner
			.withInitializer((context) -> context.getEnvironment()
				.getPropertySources()
				.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment",
						Map.of("CONTEXTVARS_FILL_TENANT_HEADER", "X-Tenant", "CONTEXTVARS_FILL_TENANT_REQUIRED",
								"true"))))
			.run((context) -> assertThat(context).hasNotFailed()
				.getBean(ContextFillConfiguration.Settings.class)
				.satisfies((settings) -> assertThat(settings.variables().get("tenant").required()).isTrue()));
	}

	@Test
	void headersNeedNoLibrary() {
		this.runner.withClassLoader(new FilteredClassLoader(Authentication.class, ClaimAccessor.class))
			.withPropertyValues("contextvars.fill.tenant.header=X-Tenant")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(AuthenticationFiller.class));
	}

	@Test
	void withoutSettingsAndInitializersNothingIsFilled() {
		new ApplicationContextRunner().withUserConfiguration(ContextFillConfiguration.class).run((context) -> {
			assertThat(context.getBean(FillRules.class).ofHeadersOnly()).isEmpty();
			assertThat(context.getBean(AuthenticationFiller.class).isNeeded()).isFalse();
		});
		new ApplicationContextRunner().withUserConfiguration(ContextFillConfiguration.class)
			.withBean(AuthenticationContextInitializer.class, () -> (authentication) -> {
			})
			.run((context) -> assertThat(context.getBean(AuthenticationFiller.class).isNeeded()).isTrue());
	}

	@Test
	void reportNamesVariablesThatNothingComparesWithTheUser() {
		ApplicationContextRunner open = this.runner.withPropertyValues("contextvars.fill.tenant.header=X-Tenant");
		ApplicationContextRunner secured = open.withBean("springSecurityFilterChain", Object.class, Object::new);

		open.run((context) -> assertThat(reported(context)).isEmpty());
		secured.run((context) -> assertThat(reported(context)).containsExactly("tenant"));
		secured.withBean(AuthenticationContextInitializer.class, () -> (authentication) -> {
		}).run((context) -> assertThat(reported(context)).isEmpty());
	}

	private static List<String> reported(ListableBeanFactory context) {
		return context.getBeansOfType(PropagationSource.class)
			.values()
			.stream()
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.category().equals("header") && !entry.propagates())
			.map(PropagationSource.Entry::name)
			.toList();
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable
		static final ContextVar<String> USER = ContextVar.of("user.id");

	}

}

package io.github.contextvars.spring.fill;

import java.util.List;
import java.util.Map;
import java.util.UUID;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.core.ResolvableType;
import org.springframework.core.convert.support.DefaultConversionService;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.InvalidDeclarationException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

class FillRulesTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	private static final ContextVar<UUID> SESSION = ContextVar.of("session");

	private static final String DEFAULT_PATTERN = ContextFillConfiguration.Variable.DEFAULT_PATTERN;

	private final FilledValues filled = new FilledValues();

	private final DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();

	@Test
	void fromHeadersFillsWhatMatches() {
		FillRules rules = rules("tenant", header(false));
		new Context().run(() -> {
			rules.fromHeaders(Map.of("X-Value", List.of("acme"))::get, this.filled, false);
			assertThat(TENANT.get()).isEqualTo("acme");
		});
		assertRejected(rules, List.of("a b"), "The header 'X-Value' has no valid value.");
		assertRejected(rules, List.of("acme", "acme"), "The header 'X-Value' is repeated.");
	}

	@Test
	void fromHeadersConvertsAndShowsNothingOfAValueThatCannotBeConverted() {
		FillRules rules = rules("session", header(false));
		UUID session = UUID.randomUUID();
		new Context().run(() -> {
			rules.fromHeaders((header) -> List.of(session.toString()), this.filled, false);
			assertThat(SESSION.get()).isEqualTo(session);
		});
		assertRejected(rules, List.of("hunter2"), "The header 'X-Value' has no valid value.");

		DefaultConversionService toNothing = new DefaultConversionService();
		toNothing.addConverter(String.class, UUID.class, (text) -> null);
		this.beanFactory.setConversionService(toNothing);
		assertRejected(rules, List.of(session.toString()), "The header 'X-Value' has no valid value.");
	}

	@Test
	void fromHeadersWhenARequiredValueIsMissingRejectsUnlessLenient() {
		FillRules rules = rules("tenant", header(true));
		assertRejected(rules, List.of(), "The header 'X-Value' is missing.");
		new Context().run(() -> {
			assertThatNoException().isThrownBy(() -> rules.fromHeaders((header) -> List.of(), this.filled, true));
			assertThat(FilledValues.isSet(TENANT)).isFalse();
			TENANT.set("of the application");
			assertThatNoException().isThrownBy(() -> rules.fromHeaders((header) -> List.of(), this.filled, false));
		});
	}

	@Test
	void fromHeadersWhenTheUserMayStillFillTheVariableDoesNotAskForIt() {
		FillRules rules = rules("tenant",
				new ContextFillConfiguration.Variable("id", false, "X-Value", DEFAULT_PATTERN, true));
		new Context().run(() -> {
			assertThatNoException().isThrownBy(() -> rules.fromHeaders((header) -> List.of(), this.filled, false));
			assertThatExceptionOfType(RejectedValueException.class).isThrownBy(rules::checkAuthenticated)
				.withMessage("The claim 'id' or the header 'X-Value' is missing.");
			TENANT.set("acme");
			assertThatNoException().isThrownBy(rules::checkAuthenticated);
		});
	}

	@Test
	void fromHeadersAsksForNoHeaderOfARuleWithoutOne() {
		FillRules rules = rules("tenant",
				new ContextFillConfiguration.Variable(null, true, null, DEFAULT_PATTERN, true));
		new Context().run(() -> {
			rules.fromHeaders((header) -> {
				throw new AssertionError(header);
			}, this.filled, false);
			assertThatExceptionOfType(RejectedValueException.class).isThrownBy(rules::checkAuthenticated)
				.withMessage("The authenticated user is missing.");
		});
	}

	@Test
	void checkAuthenticatedAsksForNothingThatOnlyAHeaderFills() {
		FillRules rules = rules("tenant", header(true));
		assertThatNoException().isThrownBy(rules::checkAuthenticated);
		assertThat(rules.fillFromAuthentication()).isFalse();
		assertThat(rules.ofAuthenticated()).isEmpty();
		assertThat(rules.ofHeadersOnly()).hasSize(1);
	}

	@Test
	void rulesOfUsersAreNotOfHeadersOnly() {
		FillRules both = rules("tenant",
				new ContextFillConfiguration.Variable("id", false, "X-Value", DEFAULT_PATTERN, false));
		assertThat(both.fillFromAuthentication()).isTrue();
		assertThat(both.ofAuthenticated()).hasSize(1);
		assertThat(both.ofHeadersOnly()).isEmpty();
		FillRules users = rules("tenant",
				new ContextFillConfiguration.Variable(null, true, null, DEFAULT_PATTERN, false));
		assertThat(users.fillFromAuthentication()).isTrue();
		assertThat(users.ofHeadersOnly()).isEmpty();
	}

	@Test
	void isNameConvertibleTellsWhetherStringsAre() {
		assertThat(isNameConvertible("tenant")).isTrue();
		assertThat(isNameConvertible("session")).isTrue();
		assertThat(isNameConvertible("task")).isFalse();
	}

	private boolean isNameConvertible(String name) {
		FillRules rules = rules(name, new ContextFillConfiguration.Variable(null, true, null, DEFAULT_PATTERN, false));
		return rules.isNameConvertible(rules.ofAuthenticated().findFirst().orElseThrow());
	}

	@ParameterizedTest
	@ValueSource(strings = { "X:Tenant", "X Tenant", "" })
	void headerThatIsNoNameFailsOnStartup(String header) {
		assertInvalid("tenant", new ContextFillConfiguration.Variable(null, false, header, DEFAULT_PATTERN, false),
				"'contextvars.fill.tenant.header' is '" + header + "', which is not the name of a header");
	}

	@Test
	void ruleThatCannotBeMeantFailsOnStartup() {
		assertInvalid("tenat", header(false), "'contextvars.fill.tenat' names a context variable that is not declared");
		assertInvalid("tenant", new ContextFillConfiguration.Variable(null, false, null, DEFAULT_PATTERN, false),
				"'contextvars.fill.tenant' has no source");
		assertInvalid("tenant", new ContextFillConfiguration.Variable("id", true, null, DEFAULT_PATTERN, false),
				"'contextvars.fill.tenant' has both a claim and the principal as the source");
		assertInvalid("tenant", new ContextFillConfiguration.Variable(null, false, "X-Value", "[a", false),
				"'contextvars.fill.tenant.pattern' is no regular expression: Unclosed character class");
	}

	private void assertInvalid(String name, ContextFillConfiguration.Variable settings, String description) {
		assertThatExceptionOfType(InvalidDeclarationException.class).isThrownBy(() -> rules(name, settings))
			.withMessageStartingWith(description)
			.satisfies((ex) -> assertThat(ex.action()).isNotBlank());
	}

	private void assertRejected(FillRules rules, List<String> values, String message) {
		new Context().run(() -> {
			assertThatExceptionOfType(RejectedValueException.class)
				.isThrownBy(() -> rules.fromHeaders((header) -> values, this.filled, false))
				.withMessage(message)
				.withNoCause();
			assertThat(FilledValues.isSet(TENANT)).isFalse();
		});
	}

	private static ContextFillConfiguration.Variable header(boolean required) {
		return new ContextFillConfiguration.Variable(null, false, "X-Value", DEFAULT_PATTERN, required);
	}

	private FillRules rules(String name, ContextFillConfiguration.Variable settings) {
		ContextVariableRegistry variables = new ContextVariableRegistry(List.of(declaration(TENANT, String.class),
				declaration(SESSION, UUID.class), declaration(ContextVar.of("task"), Runnable.class)));
		return new FillRules(new ContextFillConfiguration.Settings(Map.of(name, settings)), variables,
				this.beanFactory);
	}

	private static ContextVariableRegistry.Declaration declaration(ContextVar<?> variable, Class<?> type) {
		return new ContextVariableRegistry.Declaration(variable, "Test#" + variable.name(),
				ResolvableType.forClass(type), "", false, false, false, "");
	}

}

package io.github.contextvars.spring.fill;

import java.security.Principal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.core.ResolvableType;
import org.springframework.security.authentication.AnonymousAuthenticationToken;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.oauth2.core.ClaimAccessor;
import org.springframework.security.oauth2.core.DefaultOAuth2AuthenticatedPrincipal;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.registry.ContextVariableRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class AuthenticationFillerTests {

	private static final ContextVar<Object> VARIABLE = ContextVar.of("value", "-");

	private final List<String> initialized = new ArrayList<>();

	private List<AuthenticationContextInitializer> initializers = List
		.of((authentication) -> this.initialized.add(authentication.getName()));

	private final FilledValues filled = new FilledValues();

	@Test
	void fillSetsTheNameOfTheUser() {
		assertThat(valueOf(principal(String.class), user("ada"))).isEqualTo("ada");
		assertThat(this.initialized).containsExactly("ada");
	}

	@Test
	void fillWhenTheUserIsNotAuthenticatedDoesNothing() {
		AuthenticationFiller filler = principal(String.class);
		TestingAuthenticationToken unknown = user("ada");
		unknown.setAuthenticated(false);

		assertThat(valueOf(filler, unknown)).isEqualTo("-");
		assertThat(valueOf(filler,
				new AnonymousAuthenticationToken("key", "anonymous", AuthorityUtils.createAuthorityList("anonymous"))))
			.isEqualTo("-");
		assertThat(valueOf(filler, null)).isEqualTo("-");
		assertThat(valueOf(filler, (Principal) () -> "ada")).isEqualTo("-");
		assertThat(this.initialized).isEmpty();
	}

	@Test
	void fillWhenTheVariableIsOfTheUsersTypeSetsTheUser() {
		User ada = new User("ada");
		Authentication authentication = user(ada);

		assertThat(valueOf(principal(User.class), authentication)).isSameAs(ada);
		assertThat(valueOf(principal(TestingAuthenticationToken.class), authentication)).isSameAs(authentication);
		assertThat(valueOf(principal(Object.class), user("ada"))).isEqualTo("ada");
		assertThat(valueOf(principal(null), user("ada"))).isEqualTo("ada");
	}

	@Test
	void fillWhenTheUserIsOfAnotherTypeSetsNothing() {
		assertThat(valueOf(principal(User.class), user("ada"))).isEqualTo("-");
	}

	@Test
	void fillFindsClaimsOfPrincipalAndCredentials() {
		AuthenticationFiller filler = claim(String.class);

		assertThat(valueOf(filler, user((ClaimAccessor) () -> Map.of("id", "acme")))).isEqualTo("acme");
		assertThat(valueOf(filler, user(new DefaultOAuth2AuthenticatedPrincipal(Map.of("id", "globex"), List.of()))))
			.isEqualTo("globex");
		assertThat(valueOf(filler,
				authenticated(
						new TestingAuthenticationToken("ada", (ClaimAccessor) () -> Map.of("id", "of the token")))))
			.isEqualTo("of the token");
		assertThat(valueOf(filler,
				authenticated(new TestingAuthenticationToken((ClaimAccessor) () -> Map.of("other", "claim"),
						(ClaimAccessor) () -> Map.of("id", "second")))))
			.isEqualTo("second");
		assertThat(valueOf(filler, user("ada"))).isEqualTo("-");
	}

	@Test
	void fillWhenTheClaimHasSeveralValuesNeedsACollection() {
		Authentication user = user((ClaimAccessor) () -> Map.of("id", List.of("acme", "globex")));

		for (Class<?> type : new Class<?>[] { List.class, Collection.class, null }) {
			assertThat(valueOf(claim(type), user)).isEqualTo(List.of("acme", "globex"));
		}
		assertThat(valueOf(claim(String[].class), user)).isEqualTo(new String[] { "acme", "globex" });
		assertRejected(claim(String.class), user, "The claim 'id' has several values.");
	}

	@Test
	void fillWhenAValueCannotBeConvertedNamesItsPlace() {
		assertRejected(claim(UUID.class), user((ClaimAccessor) () -> Map.of("id", "hunter2")),
				"The claim 'id' has no valid value.");
		assertRejected(principal(UUID.class), user("hunter2"), "The authenticated user has no valid value.");
	}

	@Test
	void fillReplacesAndRemovesWhatAHeaderHasSet() {
		AuthenticationFiller filler = claim(String.class);
		new Context().run(() -> {
			this.filled.set(VARIABLE, "header", FilledValues.Source.HEADER);
			filler.fill(user((ClaimAccessor) () -> Map.of("id", "acme")), this.filled);
			assertThat(VARIABLE.get()).isEqualTo("acme");
		});
		new Context().run(() -> {
			this.filled.set(VARIABLE, "header", FilledValues.Source.HEADER);
			filler.fill(user("ada"), this.filled);
			assertThat(VARIABLE.get()).isEqualTo("-");
		});
	}

	@Test
	void fillWhenWhatAHeaderHasSetCannotBeRemovedRejectsTheUser() {
		Context session = new Context();
		session.run(() -> this.filled.set(VARIABLE, "header", FilledValues.Source.HEADER));

		session.copy()
			.run(() -> assertThatExceptionOfType(RejectedValueException.class)
				.isThrownBy(() -> claim(String.class).fill(user("ada"), this.filled))
				.withMessage("The authenticated user has no value for the variable 'value'."));
		assertThat(this.initialized).isEmpty();
	}

	@Test
	void isNeededWhereThereAreRulesOrInitializers() {
		AuthenticationFiller ofHeader = filler(String.class, new ContextFillConfiguration.Variable(null, false,
				"X-Value", ContextFillConfiguration.Variable.DEFAULT_PATTERN, false));
		assertThat(ofHeader.isNeeded()).isTrue();

		this.initializers = List.of();

		assertThat(ofHeader.isNeeded()).isFalse();
		assertThat(claim(String.class).isNeeded()).isTrue();
	}

	private Object valueOf(AuthenticationFiller filler, Object user) {
		return new Context().call(() -> {
			filler.fill(user, new FilledValues());
			return VARIABLE.get();
		});
	}

	private void assertRejected(AuthenticationFiller filler, Authentication user, String message) {
		assertThatExceptionOfType(RejectedValueException.class).isThrownBy(() -> valueOf(filler, user))
			.withMessage(message);
	}

	private static TestingAuthenticationToken user(Object principal) {
		return authenticated(new TestingAuthenticationToken(principal, "password"));
	}

	private static TestingAuthenticationToken authenticated(TestingAuthenticationToken token) {
		token.setAuthenticated(true);
		return token;
	}

	private AuthenticationFiller principal(Class<?> type) {
		return filler(type, new ContextFillConfiguration.Variable(null, true, null,
				ContextFillConfiguration.Variable.DEFAULT_PATTERN, false));
	}

	private AuthenticationFiller claim(Class<?> type) {
		return filler(type, new ContextFillConfiguration.Variable("id", false, null,
				ContextFillConfiguration.Variable.DEFAULT_PATTERN, false));
	}

	private AuthenticationFiller filler(Class<?> type, ContextFillConfiguration.Variable settings) {
		ResolvableType declared = (type != null) ? ResolvableType.forClass(type) : ResolvableType.NONE;
		ContextVariableRegistry variables = new ContextVariableRegistry(List.of(new ContextVariableRegistry.Declaration(
				VARIABLE, "Test#VARIABLE", declared, "", false, false, false, "")));
		return new AuthenticationFiller(new FillRules(new ContextFillConfiguration.Settings(Map.of("value", settings)),
				variables, new DefaultListableBeanFactory()), () -> this.initializers);
	}

	private record User(String name) {

	}

}

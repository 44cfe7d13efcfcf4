package io.github.contextvars.spring.fill;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.AuthenticationTrustResolver;
import org.springframework.security.authentication.AuthenticationTrustResolverImpl;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.core.ClaimAccessor;
import org.springframework.security.oauth2.core.OAuth2AuthenticatedPrincipal;

/**
 * Fills variables of a context from an authenticated user: by the rules, then by the
 * application's {@link AuthenticationContextInitializer}s. May be used on any thread.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
public final class AuthenticationFiller {

	private final AuthenticationTrustResolver trust = new AuthenticationTrustResolverImpl();

	private final FillRules rules;

	private final Supplier<List<AuthenticationContextInitializer>> initializers;

	AuthenticationFiller(FillRules rules, Supplier<List<AuthenticationContextInitializer>> initializers) {
		this.rules = rules;
		this.initializers = initializers;
	}

	/**
	 * Return whether this does anything.
	 * @return whether there are rules or initializers
	 */
	public boolean isNeeded() {
		return this.rules.fillFromAuthentication() || !this.initializers.get().isEmpty();
	}

	/**
	 * Fill variables of the current context.
	 * @param user what has authenticated itself, if anything has
	 * @param filled what was filled in the current context
	 * @throws RejectedValueException if a value cannot be converted
	 */
	public void fill(@Nullable Object user, FilledValues filled) {
		if (!(user instanceof Authentication authentication) || !this.trust.isAuthenticated(authentication)) {
			return;
		}
		this.rules.ofAuthenticated().forEach((rule) -> {
			Object value = (rule.claim() != null) ? claim(authentication, rule.claim())
					: principal(authentication, rule);
			if (value != null) {
				String place = (rule.claim() != null) ? "claim '" + rule.claim() + "'" : "authenticated user";
				if (value instanceof Collection<?> && !isCollection(rule.variable().valueType())) {
					throw new RejectedValueException("The " + place + " has several values.");
				}
				filled.set(rule.variable().variable(), this.rules.convert(value, rule, place),
						FilledValues.Source.PRINCIPAL);
			}
			// An authenticated user does not choose with a header what a claim decides.
			else if (!filled.remove(rule.variable().variable())) {
				throw new RejectedValueException(
						"The authenticated user has no value for the variable '" + rule.variable().name() + "'.");
			}
		});
		this.initializers.get().forEach((initializer) -> initializer.initialize(authentication));
	}

	private static boolean isCollection(@Nullable Class<?> type) {
		return type == null || Iterable.class.isAssignableFrom(type) || type.isArray();
	}

	// An application may have users of several types.
	private @Nullable Object principal(Authentication authentication, FillRules.Rule rule) {
		Class<?> type = rule.variable().valueType();
		if (type != null && type != Object.class) {
			for (Object candidate : new @Nullable Object[] { authentication, authentication.getPrincipal() }) {
				if (type.isInstance(candidate)) {
					return candidate;
				}
			}
		}
		return this.rules.isNameConvertible(rule) ? authentication.getName() : null;
	}

	private static @Nullable Object claim(Authentication authentication, String name) {
		for (Object holder : new @Nullable Object[] { authentication.getPrincipal(),
				authentication.getCredentials() }) {
			Map<String, Object> claims = null;
			if (holder instanceof ClaimAccessor accessor) {
				claims = accessor.getClaims();
			}
			else if (holder instanceof OAuth2AuthenticatedPrincipal principal) {
				claims = principal.getAttributes();
			}
			if (claims != null && claims.get(name) != null) {
				return claims.get(name);
			}
		}
		return null;
	}

}

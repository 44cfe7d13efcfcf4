package io.github.contextvars.spring.fill;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.util.ClassUtils;
import org.springframework.util.StringUtils;

import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.InvalidDeclarationException;
import io.github.contextvars.spring.registry.VariableConversion;

/**
 * The rules that {@code contextvars.fill} gives, checked on startup. May be used on any
 * thread.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
public final class FillRules {

	private static final String SECURITY = "org.springframework.security.core.Authentication";

	private static final String CLAIMS = "org.springframework.security.oauth2.core.ClaimAccessor";

	private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

	private final List<Rule> rules = new ArrayList<>();

	private final VariableConversion conversion;

	private final @Nullable ClassLoader classLoader;

	FillRules(ContextFillConfiguration.Settings settings, ContextVariableRegistry variables,
			ConfigurableBeanFactory beanFactory) {
		this.classLoader = beanFactory.getBeanClassLoader();
		this.conversion = new VariableConversion(beanFactory);
		settings.variables().forEach((name, variable) -> this.rules.add(rule(name, variable, variables)));
	}

	private Rule rule(String name, ContextFillConfiguration.Variable settings, ContextVariableRegistry variables) {
		String property = "'contextvars.fill." + name;
		ContextVariableRegistry.Declaration declaration = variables.find(name);
		if (declaration == null) {
			throw new InvalidDeclarationException(property + "' names a context variable that is not declared",
					"Use one of " + variables.names() + ", or declare it with @ContextVariable in a bean's class.");
		}
		boolean authenticated = settings.claim() != null || settings.principal();
		check(settings.claim() == null || !settings.principal(),
				property + "' has both a claim and the principal as the source", "Remove one of the two.");
		check(authenticated || settings.header() != null, property + "' has no source",
				"Add one of " + property + ".claim', '.principal=true' and '.header'.");
		check(settings.header() == null || TOKEN.matcher(settings.header()).matches(),
				property + ".header' is '" + settings.header() + "', which is not the name of a header",
				"Use a name such as X-Tenant.");
		check(!authenticated || isPresent(SECURITY), property
				+ "' fills a variable from the authenticated user, and Spring Security is not on the class path",
				"Add spring-boot-starter-security, or fill the variable from a header.");
		check(settings.claim() == null || isPresent(CLAIMS),
				property + ".claim' is set, and Spring Security's OAuth2 support is not on the class path",
				"Add spring-boot-starter-security-oauth2-resource-server, or use '.principal=true'.");
		try {
			return new Rule(declaration, settings.claim(), settings.principal(), settings.header(),
					Pattern.compile(settings.pattern()), settings.required());
		}
		catch (PatternSyntaxException ex) {
			throw new InvalidDeclarationException(
					property + ".pattern' is no regular expression: " + ex.getDescription(),
					"Use one such as [a-z0-9-]{1,32}.");
		}
	}

	private static void check(boolean right, String description, String action) {
		if (!right) {
			throw new InvalidDeclarationException(description, action);
		}
	}

	private boolean isPresent(String type) {
		return ClassUtils.isPresent(type, this.classLoader);
	}

	/**
	 * Return whether no variable is filled.
	 * @return whether there is no rule
	 */
	public boolean isEmpty() {
		return this.rules.isEmpty();
	}

	/**
	 * Fill variables from the headers of a request.
	 * @param headers finds the values of a header
	 * @param filled what was filled in the current context
	 * @param lenient whether values may be missing
	 * @throws RejectedValueException if a value is missing, repeated, does not match or
	 * cannot be converted
	 */
	public void fromHeaders(Function<String, Collection<String>> headers, FilledValues filled, boolean lenient) {
		for (Rule rule : this.rules) {
			if (rule.header() != null) {
				Object value = value(rule, rule.header(), headers.apply(rule.header()));
				if (value != null) {
					filled.set(rule.variable().variable(), value, FilledValues.Source.HEADER);
				}
			}
			if (!lenient && !rule.isAuthenticated()) {
				rule.checkRequired();
			}
		}
	}

	/**
	 * Check that the required variables that an authenticated user fills have values.
	 * @throws RejectedValueException if one has none
	 */
	public void checkAuthenticated() {
		this.rules.stream().filter(Rule::isAuthenticated).forEach(Rule::checkRequired);
	}

	private @Nullable Object value(Rule rule, String header, Collection<String> values) {
		if (values.isEmpty()) {
			return null;
		}
		String value = values.iterator().next();
		if (values.size() > 1) {
			throw new RejectedValueException("The header '" + header + "' is repeated.");
		}
		if (!rule.pattern().matcher(value).matches()) {
			throw new RejectedValueException("The header '" + header + "' has no valid value.");
		}
		return convert(value, rule, "header '" + header + "'");
	}

	/**
	 * Convert a value to a rule's variable.
	 * @param value the value
	 * @param rule the rule
	 * @param place what has brought the value
	 * @return the converted value
	 * @throws RejectedValueException if it cannot be converted; shows nothing of it
	 */
	Object convert(Object value, Rule rule, String place) {
		Object converted = null;
		try {
			converted = this.conversion.convert(value, rule.variable());
		}
		catch (IllegalStateException ex) {
			// as if it were null
		}
		if (converted == null) {
			throw new RejectedValueException("The " + place + " has no valid value.");
		}
		return converted;
	}

	/**
	 * Return whether the name of a user can be a value of a rule's variable.
	 * @param rule the rule
	 * @return whether strings can be converted to its type
	 */
	boolean isNameConvertible(Rule rule) {
		return this.conversion.isPossible(String.class, rule.variable());
	}

	/**
	 * Return the rules that fill variables from authenticated users.
	 * @return the rules
	 */
	Stream<Rule> ofAuthenticated() {
		return this.rules.stream().filter(Rule::isAuthenticated);
	}

	/**
	 * Return whether any variable is filled from authenticated users.
	 * @return whether there is such a rule
	 */
	public boolean fillFromAuthentication() {
		return ofAuthenticated().findAny().isPresent();
	}

	/**
	 * List the variables that each caller can choose.
	 * @return rules with a header and without a claim or principal
	 */
	Stream<Rule> ofHeadersOnly() {
		return this.rules.stream().filter((rule) -> rule.header() != null && !rule.isAuthenticated());
	}

	/**
	 * How one variable is filled.
	 *
	 * @param variable the variable
	 * @param claim the claim of a token that holds its value
	 * @param principal whether its value is the name of the authenticated user
	 * @param header the header that holds its value
	 * @param pattern what the header's value matches
	 * @param required whether there must be a value
	 */
	record Rule(ContextVariableRegistry.Declaration variable, @Nullable String claim, boolean principal,
			@Nullable String header, Pattern pattern, boolean required) {

		boolean isAuthenticated() {
			return this.claim != null || this.principal;
		}

		void checkRequired() {
			if (this.required && !FilledValues.isSet(this.variable.variable())) {
				throw new RejectedValueException("The " + sources() + " is missing.");
			}
		}

		private String sources() {
			List<String> sources = new ArrayList<>();
			if (this.claim != null) {
				sources.add("claim '" + this.claim + "'");
			}
			if (this.principal) {
				sources.add("authenticated user");
			}
			if (this.header != null) {
				sources.add("header '" + this.header + "'");
			}
			return StringUtils.collectionToDelimitedString(sources, " or the ");
		}

	}

}

package io.github.contextvars.spring.boot.autoconfigure;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;

import io.github.contextvars.spring.fill.ContextFillConfiguration;
import io.github.contextvars.spring.registry.InvalidDeclarationException;

/**
 * {@link AutoConfiguration Auto-configuration} that fills variables from headers and
 * authenticated users, as {@code contextvars.fill} says.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@Import(ContextFillConfiguration.class)
public final class ContextVarsFillAutoConfiguration {

	private static final ConfigurationPropertyName FILL = ConfigurationPropertyName.of("contextvars.fill");

	private static final List<String> RULE = List.of("claim", "principal", "header", "pattern", "required");

	@Bean
	ContextFillConfiguration.Settings contextVarsFillSettings(ContextVarsProperties properties,
			Environment environment) {
		ConfigurationPropertySources.get(environment).forEach(ContextVarsFillAutoConfiguration::check);
		Map<String, ContextFillConfiguration.Variable> variables = new LinkedHashMap<>();
		properties.getFill()
			.forEach((name, fill) -> variables.put(name, new ContextFillConfiguration.Variable(fill.getClaim(),
					fill.isPrincipal(), fill.getHeader(), fill.getPattern(), fill.isRequired())));
		return new ContextFillConfiguration.Settings(variables);
	}

	// Spring Boot ignores what it cannot bind, and a rule would be lost.
	private static void check(ConfigurationPropertySource source) {
		if (source instanceof IterableConfigurationPropertySource iterable) {
			iterable.stream().filter(FILL::isAncestorOf).forEach(ContextVarsFillAutoConfiguration::check);
		}
	}

	private static void check(ConfigurationPropertyName name) {
		int variable = FILL.getNumberOfElements();
		int last = name.getNumberOfElements() - 1;
		if (last > variable && !RULE.contains(name.getElement(last, ConfigurationPropertyName.Form.UNIFORM))) {
			throw new InvalidDeclarationException("'" + name + "' is not a property of a variable that is filled",
					"Use one of " + RULE + ".");
		}
		if (last > variable + 1) {
			String dotted = name.subName(variable).chop(last - variable).toString();
			throw new InvalidDeclarationException("'" + name + "' fills no variable: a name with dots needs brackets",
					"Write '" + FILL + "[" + dotted + "]."
							+ name.getElement(last, ConfigurationPropertyName.Form.DASHED) + "'.");
		}
	}

}

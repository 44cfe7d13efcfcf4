package io.github.contextvars.spring.boot.autoconfigure;

import java.util.LinkedHashMap;
import java.util.Map;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.fill.ContextFillConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} that fills variables from headers and
 * authenticated users, as {@code contextvars.fill} says.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@Import(ContextFillConfiguration.class)
public final class ContextVarsFillAutoConfiguration {

	@Bean
	ContextFillConfiguration.Settings contextVarsFillSettings(ContextVarsProperties properties) {
		Map<String, ContextFillConfiguration.Variable> variables = new LinkedHashMap<>();
		properties.getFill()
			.forEach((name, fill) -> variables.put(name, new ContextFillConfiguration.Variable(fill.getClaim(),
					fill.isPrincipal(), fill.getHeader(), fill.getPattern(), fill.isRequired())));
		return new ContextFillConfiguration.Settings(variables);
	}

}

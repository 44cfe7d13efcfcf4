package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.task.ContextTaskConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} that propagates contexts to tasks.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnBooleanProperty(name = "contextvars.task.enabled", matchIfMissing = true)
@Import(ContextTaskConfiguration.class)
public final class ContextVarsTaskAutoConfiguration {

	@Bean
	ContextTaskConfiguration.Settings contextVarsTaskSettings(ContextVarsProperties properties) {
		return new ContextTaskConfiguration.Settings(properties.getTask().getExclude());
	}

}

package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.logging.ContextLoggingConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} for logged variables.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnBooleanProperty(name = "contextvars.logging.enabled", matchIfMissing = true)
@Import(ContextLoggingConfiguration.class)
public final class ContextVarsLoggingAutoConfiguration {

}

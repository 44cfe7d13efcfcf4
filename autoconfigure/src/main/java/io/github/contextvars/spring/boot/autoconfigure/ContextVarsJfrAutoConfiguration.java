package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.jfr.ContextJfrConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} for units of work as events of Flight
 * Recorder.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnBooleanProperty(name = "contextvars.jfr.enabled", matchIfMissing = true)
@Import(ContextJfrConfiguration.class)
public final class ContextVarsJfrAutoConfiguration {

}

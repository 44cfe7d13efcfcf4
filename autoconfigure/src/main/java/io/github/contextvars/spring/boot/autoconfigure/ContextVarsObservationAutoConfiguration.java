package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.observation.ContextObservationConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} for meters of contexts, and for observed
 * variables.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnBooleanProperty(name = "contextvars.metrics.enabled", matchIfMissing = true)
@Import(ContextObservationConfiguration.class)
public final class ContextVarsObservationAutoConfiguration {

}

package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.resilience.ContextResilienceConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} that propagates contexts to what
 * Resilience4j and Spring Cloud CircuitBreaker run on threads of their own.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnClass(name = "io.github.resilience4j.core.ContextPropagator")
@ConditionalOnBooleanProperty(name = "contextvars.task.enabled", matchIfMissing = true)
@Import(ContextResilienceConfiguration.class)
public final class ContextVarsResilienceAutoConfiguration {

}

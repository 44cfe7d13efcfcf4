package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.messaging.ContextMessagingConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} that begins each message of a listener
 * with a context of its own.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnBooleanProperty(name = "contextvars.messaging.enabled", matchIfMissing = true)
@Import(ContextMessagingConfiguration.class)
public final class ContextVarsMessagingAutoConfiguration {

}

package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.messaging.ContextMessagingConfiguration;
import io.github.contextvars.spring.messaging.FromContextConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} that gives each message of a listener a
 * context of its own, and binds parameters of listeners to context variables, also where
 * contexts of messages are switched off: Spring would bind these to the message.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnClass(name = "org.springframework.messaging.handler.invocation.HandlerMethodArgumentResolver")
@Import(FromContextConfiguration.class)
public final class ContextVarsMessagingAutoConfiguration {

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBooleanProperty(name = "contextvars.messaging.enabled", matchIfMissing = true)
	@Import(ContextMessagingConfiguration.class)
	static final class Messages {

	}

}

package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.messaging.RedisContextConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} that gives each message of a listener of
 * Redis a context of its own.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnClass(name = "org.springframework.data.redis.listener.RedisMessageListenerContainer")
@ConditionalOnBooleanProperty(name = "contextvars.messaging.enabled", matchIfMissing = true)
@Import(RedisContextConfiguration.class)
public final class ContextVarsRedisAutoConfiguration {

}

package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.web.socket.ContextWebSocketConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} that gives each WebSocket session and each
 * of its messages a context.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass(name = "org.springframework.web.socket.server.support.WebSocketHandlerMapping")
@ConditionalOnBooleanProperty(name = "contextvars.web.enabled", matchIfMissing = true)
@Import(ContextWebSocketConfiguration.class)
public final class ContextVarsWebSocketAutoConfiguration {

}

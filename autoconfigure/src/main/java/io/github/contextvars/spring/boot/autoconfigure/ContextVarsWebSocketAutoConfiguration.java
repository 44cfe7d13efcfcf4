package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.web.socket.ContextWebSocketConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} that gives each WebSocket session and each
 * of its messages a context, and binds parameters of methods that handle STOMP frames to
 * context variables, also where contexts of requests and sessions are switched off.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass(name = "org.springframework.web.socket.server.support.WebSocketHandlerMapping")
@Import(ContextWebSocketConfiguration.Parameters.class)
public final class ContextVarsWebSocketAutoConfiguration {

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBooleanProperty(name = "contextvars.web.enabled", matchIfMissing = true)
	@Import(ContextWebSocketConfiguration.class)
	static final class Sessions {

	}

}

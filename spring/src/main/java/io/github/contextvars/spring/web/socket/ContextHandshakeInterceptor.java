package io.github.contextvars.spring.web.socket;

import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;

/**
 * {@link HandshakeInterceptor} that remembers the request's context for the session.
 */
final class ContextHandshakeInterceptor implements HandshakeInterceptor {

	private final WebSocketSessionContexts contexts;

	/**
	 * Create an interceptor.
	 * @param contexts the contexts of the sessions
	 */
	ContextHandshakeInterceptor(WebSocketSessionContexts contexts) {
		this.contexts = contexts;
	}

	@Override
	public boolean beforeHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			Map<String, Object> attributes) {
		this.contexts.onHandshake(request, attributes);
		return true;
	}

	@Override
	public void afterHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			@Nullable Exception exception) {
		// The session has its context.
	}

}

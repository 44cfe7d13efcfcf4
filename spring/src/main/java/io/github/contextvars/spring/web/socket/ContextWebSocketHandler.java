package io.github.contextvars.spring.web.socket;

import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.WebSocketMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.handler.WebSocketHandlerDecorator;

/**
 * {@link WebSocketHandlerDecorator} that begins each session with a context of its own,
 * and runs each later callback in a copy of it.
 */
final class ContextWebSocketHandler extends WebSocketHandlerDecorator {

	private final WebSocketSessionContexts contexts;

	/**
	 * Create a decorator.
	 * @param delegate the handler to decorate
	 * @param contexts the contexts of the sessions
	 */
	ContextWebSocketHandler(WebSocketHandler delegate, WebSocketSessionContexts contexts) {
		super(delegate);
		this.contexts = contexts;
	}

	@Override
	public void afterConnectionEstablished(WebSocketSession session) throws Exception {
		this.contexts.begin(session, () -> super.afterConnectionEstablished(session));
	}

	@Override
	public void handleMessage(WebSocketSession session, WebSocketMessage<?> message) throws Exception {
		this.contexts.handle(session, () -> super.handleMessage(session, message));
	}

	@Override
	public void handleTransportError(WebSocketSession session, Throwable exception) throws Exception {
		this.contexts.handle(session, () -> super.handleTransportError(session, exception));
	}

	@Override
	public void afterConnectionClosed(WebSocketSession session, CloseStatus closeStatus) throws Exception {
		this.contexts.end(session, () -> super.afterConnectionClosed(session, closeStatus));
	}

}

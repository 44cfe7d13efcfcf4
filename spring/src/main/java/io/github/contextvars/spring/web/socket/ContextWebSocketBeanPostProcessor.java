package io.github.contextvars.spring.web.socket;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.PropertyValues;
import org.springframework.beans.factory.config.InstantiationAwareBeanPostProcessor;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.handler.ExceptionWebSocketHandlerDecorator;
import org.springframework.web.socket.handler.LoggingWebSocketHandlerDecorator;
import org.springframework.web.socket.handler.WebSocketHandlerDecorator;
import org.springframework.web.socket.server.HandshakeInterceptor;
import org.springframework.web.socket.server.support.WebSocketHandlerMapping;
import org.springframework.web.socket.server.support.WebSocketHttpRequestHandler;
import org.springframework.web.socket.sockjs.support.SockJsHttpRequestHandler;
import org.springframework.web.socket.sockjs.transport.TransportHandlingSockJsService;

import io.github.contextvars.spring.work.PropagationSource;

/**
 * Bean post-processor that decorates the handlers of WebSocket sessions: those of a
 * {@link WebSocketHandlerMapping}, before it registers them, and those that are beans, so
 * that the application can map them itself. All frameworks on WebSocket, STOMP and
 * GraphQL included, have such a mapping.
 */
final class ContextWebSocketBeanPostProcessor implements InstantiationAwareBeanPostProcessor, PropagationSource {

	private static final Log logger = LogFactory.getLog(ContextWebSocketBeanPostProcessor.class);

	private final WebSocketSessionContexts contexts;

	private final Map<String, Entry> entries = new ConcurrentSkipListMap<>();

	/**
	 * Create a post-processor.
	 * @param contexts the contexts of the sessions
	 */
	ContextWebSocketBeanPostProcessor(WebSocketSessionContexts contexts) {
		this.contexts = contexts;
	}

	/**
	 * List the handlers that were created so far.
	 */
	@Override
	public Stream<Entry> entries() {
		return List.copyOf(this.entries.values()).stream();
	}

	// The mapping reads its map when it gets the application context.
	@Override
	@SuppressWarnings("unchecked") // of handlers, as it is declared
	public PropertyValues postProcessProperties(PropertyValues values, Object bean, String name) {
		if (bean instanceof WebSocketHandlerMapping mapping) {
			((Map<String, Object>) mapping.getUrlMap())
				.replaceAll((path, handler) -> instrument(handler, name + " " + path));
		}
		return values;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		return instrument(bean, name);
	}

	private Object instrument(Object handler, String name) {
		Object instrumented = null;
		if (handler instanceof WebSocketHttpRequestHandler http) {
			instrumented = isContextual(http.getWebSocketHandler()) ? http
					: (http.getClass() == WebSocketHttpRequestHandler.class) ? decorated(http) : null;
		}
		else if (handler instanceof SockJsHttpRequestHandler sockJs) {
			instrumented = isContextual(sockJs.getWebSocketHandler()) ? sockJs
					: (sockJs.getClass() == SockJsHttpRequestHandler.class
							&& sockJs.getSockJsService() instanceof TransportHandlingSockJsService service)
									? decorated(sockJs, service) : null;
		}
		else {
			return handler;
		}
		this.entries.put(name, entry(name, handler, instrumented));
		return (instrumented != null) ? instrumented : handler;
	}

	private static Entry entry(String name, Object handler, @Nullable Object instrumented) {
		if (instrumented != null) {
			return Entry.propagating(name, "websocket", handler.getClass(), "handler decorator");
		}
		Entry entry = Entry.notPropagating(name, "websocket", handler.getClass(),
				handler.getClass().getName() + " is a class of its own, whose handler cannot be replaced",
				"Pass a handler that runs each callback in new Context().run(...), or use Spring's own class.");
		logger.warn("WebSocket handler '" + name + "' does not get a context for each session: " + entry.reason() + ". "
				+ entry.remedy());
		return entry;
	}

	private WebSocketHttpRequestHandler decorated(WebSocketHttpRequestHandler original) {
		WebSocketHttpRequestHandler decorated = new WebSocketHttpRequestHandler(
				decorated(original.getWebSocketHandler()), original.getHandshakeHandler());
		decorated.setHandshakeInterceptors(withLast(original.getHandshakeInterceptors()));
		return decorated;
	}

	private SockJsHttpRequestHandler decorated(SockJsHttpRequestHandler original,
			TransportHandlingSockJsService service) {
		service.setHandshakeInterceptors(withLast(service.getHandshakeInterceptors()));
		return new SockJsHttpRequestHandler(service, decorated(original.getWebSocketHandler()));
	}

	private List<HandshakeInterceptor> withLast(List<HandshakeInterceptor> interceptors) {
		List<HandshakeInterceptor> all = new ArrayList<>(interceptors);
		all.removeIf(ContextHandshakeInterceptor.class::isInstance);
		all.add(new ContextHandshakeInterceptor(this.contexts));
		return all;
	}

	// Both request handlers add these two decorators themselves.
	private WebSocketHandler decorated(WebSocketHandler handler) {
		WebSocketHandler inner = handler;
		while (inner instanceof WebSocketHandlerDecorator decorator
				&& (inner.getClass() == ExceptionWebSocketHandlerDecorator.class
						|| inner.getClass() == LoggingWebSocketHandlerDecorator.class)) {
			inner = decorator.getDelegate();
		}
		return new ContextWebSocketHandler(inner, this.contexts);
	}

	private static boolean isContextual(WebSocketHandler handler) {
		WebSocketHandler one = handler;
		while (one instanceof WebSocketHandlerDecorator decorator) {
			if (one instanceof ContextWebSocketHandler) {
				return true;
			}
			one = decorator.getDelegate();
		}
		return false;
	}

}

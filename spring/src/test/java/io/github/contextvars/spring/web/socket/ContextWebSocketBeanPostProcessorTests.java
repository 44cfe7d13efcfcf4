package io.github.contextvars.spring.web.socket;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.handler.AbstractWebSocketHandler;
import org.springframework.web.socket.handler.ExceptionWebSocketHandlerDecorator;
import org.springframework.web.socket.handler.LoggingWebSocketHandlerDecorator;
import org.springframework.web.socket.handler.WebSocketHandlerDecorator;
import org.springframework.web.socket.server.HandshakeHandler;
import org.springframework.web.socket.server.support.HttpSessionHandshakeInterceptor;
import org.springframework.web.socket.server.support.WebSocketHandlerMapping;
import org.springframework.web.socket.server.support.WebSocketHttpRequestHandler;

import io.github.contextvars.spring.work.PropagationSource.Entry;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

class ContextWebSocketBeanPostProcessorTests {

	private final WorkRegistry registry = WorkRegistry.tracking();

	private final ContextWebSocketBeanPostProcessor processor = new ContextWebSocketBeanPostProcessor(
			new WebSocketSessionContexts(() -> this.registry, () -> null));

	private final WebSocketHandler handler = new AbstractWebSocketHandler() {
	};

	private final HandshakeHandler handshake = (request, response, handler, attributes) -> true;

	@Test
	void handlerIsDecoratedOnceAndKeepsWhatItHas() {
		WebSocketHttpRequestHandler original = new WebSocketHttpRequestHandler(this.handler, this.handshake);
		original.setHandshakeInterceptors(List.of(new HttpSessionHandshakeInterceptor()));

		WebSocketHttpRequestHandler decorated = (WebSocketHttpRequestHandler) this.processor
			.postProcessAfterInitialization(original, "handler");

		assertThat(decorated).isNotSameAs(original);
		assertThat(decorated.getHandshakeHandler()).isSameAs(this.handshake);
		assertThat(decorated.getHandshakeInterceptors())
			.hasExactlyElementsOfTypes(HttpSessionHandshakeInterceptor.class, ContextHandshakeInterceptor.class);
		assertThat(types(decorated.getWebSocketHandler())).containsExactly(ExceptionWebSocketHandlerDecorator.class,
				LoggingWebSocketHandlerDecorator.class, ContextWebSocketHandler.class, this.handler.getClass());
		assertThat(this.processor.postProcessAfterInitialization(decorated, "handler")).isSameAs(decorated);
		assertThat(this.processor.entries()).extracting(Entry::name, Entry::propagates)
			.containsExactly(tuple("handler", true));
	}

	@Test
	void handlersOfAMappingAreDecorated() {
		WebSocketHandlerMapping mapping = new WebSocketHandlerMapping();
		WebSocketHttpRequestHandler original = new WebSocketHttpRequestHandler(this.handler, this.handshake);
		mapping.setUrlMap(Map.of("/notes", original));

		assertThat(this.processor.postProcessProperties(null, mapping, "mapping")).isNull();
		this.processor.postProcessProperties(null, "other bean", "other");

		assertThat(mapping.getUrlMap().get("/notes")).isInstanceOf(WebSocketHttpRequestHandler.class)
			.isNotSameAs(original);
		assertThat(this.processor.entries()).extracting(Entry::name, Entry::propagates)
			.containsExactly(tuple("mapping /notes", true));
	}

	@Test
	void handlerOfAnotherClassIsReported() {
		WebSocketHttpRequestHandler own = new WebSocketHttpRequestHandler(this.handler, this.handshake) {
		};

		assertThat(this.processor.postProcessAfterInitialization(own, "own")).isSameAs(own);

		assertThat(this.processor.entries()).extracting(Entry::name, Entry::propagates)
			.containsExactly(tuple("own", false));
	}

	@Test
	void otherBeansStayAsTheyAre() {
		assertThat(this.processor.postProcessAfterInitialization("bean", "bean")).isEqualTo("bean");
		assertThat(this.processor.entries()).isEmpty();
	}

	private static List<Class<?>> types(WebSocketHandler outermost) {
		List<Class<?>> types = new ArrayList<>();
		WebSocketHandler one = outermost;
		while (one instanceof WebSocketHandlerDecorator decorator) {
			types.add(one.getClass());
			one = decorator.getDelegate();
		}
		types.add(one.getClass());
		return types;
	}

}

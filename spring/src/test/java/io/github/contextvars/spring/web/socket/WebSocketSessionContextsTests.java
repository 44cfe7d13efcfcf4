package io.github.contextvars.spring.web.socket;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

import jakarta.servlet.http.HttpServletRequest;
import org.junit.jupiter.api.Test;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.handler.AbstractWebSocketHandler;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.web.servlet.ContextFilter;
import io.github.contextvars.spring.work.ThreadLocalPropagation;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests of the contexts of sessions, of {@link ContextHandshakeInterceptor} and of
 * {@link ContextWebSocketHandler}.
 */
class WebSocketSessionContextsTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	private final AtomicReference<Object> threadLocal = new AtomicReference<>("thread");

	private final WorkRegistry registry = WorkRegistry.tracking(new ThreadLocalPropagation() {

		@Override
		public Object capture() {
			return WebSocketSessionContextsTests.this.threadLocal.get();
		}

		@Override
		public Scope open(Object captured, UnitOfWork.Kind kind) {
			Object before = WebSocketSessionContextsTests.this.threadLocal.getAndSet(captured);
			return () -> WebSocketSessionContextsTests.this.threadLocal.set(before);
		}

	}, null);

	private final WebSocketSessionContexts contexts = new WebSocketSessionContexts(() -> this.registry, () -> null);

	private final Map<String, Object> attributes = new HashMap<>();

	private final List<String> seen = new ArrayList<>();

	private boolean open = true;

	private final WebSocketSession session = (WebSocketSession) Proxy.newProxyInstance(getClass().getClassLoader(),
			new Class<?>[] { WebSocketSession.class }, (proxy, method, arguments) -> switch (method.getName()) {
				case "getAttributes" -> this.attributes;
				case "getUri" -> URI.create("ws://localhost/notes;id=1/first;id=2");
				case "isOpen" -> this.open;
				case "hashCode" -> 1;
				default -> throw new UnsupportedOperationException(method.getName());
			});

	@Test
	void callbacksAfterTheFirstRunInCopiesOfTheSessionsContext() throws Exception {
		handshake("acme");
		this.contexts.begin(this.session, () -> {
			see();
			TENANT.set("of the session");
		});
		for (int i = 0; i < 2; i++) {
			this.contexts.handle(this.session, () -> {
				see();
				TENANT.set("of the message");
			});
		}
		assertThat(this.registry.list()).extracting(UnitOfWork::kind).containsExactly(UnitOfWork.Kind.SESSION);
		this.contexts.end(this.session, this::see);

		assertThat(this.seen).containsExactly("session WebSocket /notes/first: acme",
				"message WebSocket /notes/first: of the session", "message WebSocket /notes/first: of the session",
				"message WebSocket /notes/first: of the session");
		assertThat(this.registry.list()).isEmpty();
		assertThat(Context.depth()).isZero();
	}

	@Test
	void sessionEndsAlsoIfItsLastCallbackFails() throws Exception {
		this.contexts.begin(this.session, this::see);

		assertThatExceptionOfType(IOException.class).isThrownBy(() -> this.contexts.end(this.session, () -> {
			throw new IOException("planned");
		}));

		assertThat(this.seen).containsExactly("session WebSocket /notes/first: -");
		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void sessionThatIsNotOpenIsNotListed() throws Exception {
		this.contexts.begin(this.session, this::see);
		assertThat(this.registry.list()).hasSize(1);

		this.open = false;

		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void callbackOfASessionThatHasNotBegunRunsInAContext() throws Exception {
		this.contexts.end(this.session, this::see);

		assertThat(this.seen).containsExactly("message WebSocket /notes/first: -");
	}

	@Test
	void threadLocalsOfHandshakeAndBeginningPropagate() throws Exception {
		handshake("acme");
		List<Object> values = new ArrayList<>();
		this.contexts.begin(this.session, () -> values.add(this.threadLocal.getAndSet("session")));
		this.contexts.handle(this.session, () -> values.add(this.threadLocal.get()));

		assertThat(values).containsExactly("handshake of acme", "session");
		assertThat(this.threadLocal.get()).isEqualTo("thread");
	}

	@Test
	void framesOfAMessageRunInCopiesOneAfterTheOther() throws Exception {
		this.contexts.begin(this.session, () -> TENANT.set("of the session"));

		this.contexts.handle(this.session, () -> {
			for (int i = 0; i < 2; i++) {
				this.contexts.beforeFrame(this.attributes, false);
				see();
				TENANT.set("of the frame");
				this.contexts.afterFrame(this.attributes, false);
				see();
			}
		});

		assertThat(this.seen).containsExactly("message WebSocket /notes/first: of the session",
				"message WebSocket /notes/first: of the frame", "message WebSocket /notes/first: of the session",
				"message WebSocket /notes/first: of the frame");
		assertThat(Context.depth()).isZero();
	}

	@Test
	void connectingFrameRunsInTheContextOfTheSession() throws Exception {
		this.contexts.begin(this.session, this::see);

		this.contexts.handle(this.session, () -> {
			this.contexts.beforeFrame(this.attributes, true);
			see();
			TENANT.set("of the frame");
			this.contexts.afterFrame(this.attributes, true);
			see();
			TENANT.set("after the frame");
		});
		this.contexts.handle(this.session, this::see);

		assertThat(this.seen).containsExactly("session WebSocket /notes/first: -", "session WebSocket /notes/first: -",
				"message WebSocket /notes/first: of the frame", "message WebSocket /notes/first: of the frame");
		assertThat(Context.depth()).isZero();
	}

	@Test
	void threadLocalsOfTheConnectingFrameOnlyStayWithTheSession() throws Exception {
		List<Object> values = new ArrayList<>();
		this.contexts.begin(this.session, () -> this.threadLocal.set("session"));
		for (boolean connecting : new boolean[] { false, true }) {
			this.contexts.handle(this.session, () -> {
				this.contexts.beforeFrame(this.attributes, connecting);
				this.threadLocal.set("frame");
				this.contexts.afterFrame(this.attributes, connecting);
			});
			this.contexts.handle(this.session, () -> values.add(this.threadLocal.get()));
		}

		assertThat(values).containsExactly("session", "frame");
	}

	@Test
	void messageInsideAMessageLeavesTheOuterOneItsFrames() throws Exception {
		this.contexts.begin(this.session, () -> TENANT.set("of the session"));

		this.contexts.handle(this.session, () -> {
			this.contexts.handle(this.session, this::see);
			this.contexts.beforeFrame(this.attributes, false);
			TENANT.set("of the frame");
			this.contexts.afterFrame(this.attributes, false);
			see();
		});
		this.contexts.beforeFrame(this.attributes, false);
		TENANT.set("of a frame that passes");
		this.contexts.afterFrame(this.attributes, false);

		assertThat(this.seen).containsExactly("message WebSocket /notes/first: of the session",
				"message WebSocket /notes/first: of the frame");
		assertThat(Context.depth()).isZero();
	}

	@Test
	void frameOnAnotherThreadIsInACopyUntilItHasPassed() throws Exception {
		this.contexts.begin(this.session, () -> TENANT.set("of the session"));

		this.contexts.beforeFrame(this.attributes, false);
		see();
		this.contexts.afterFrame(this.attributes, false);

		assertThat(Context.depth()).isZero();
		assertThat(this.seen).containsExactly("message WebSocket /notes/first: of the session");
	}

	@Test
	void connectingFrameWhileTheSessionIsInUseRunsInACopy() throws Exception {
		this.contexts.begin(this.session, () -> {
			this.contexts.beforeFrame(this.attributes, true);
			see();
			this.contexts.afterFrame(this.attributes, true);
		});

		assertThat(this.seen).containsExactly("message WebSocket /notes/first: -");
		assertThat(Context.depth()).isZero();
	}

	@Test
	void frameInsideAContextOfTheApplicationLeavesIt() throws Exception {
		this.contexts.begin(this.session, () -> TENANT.set("of the session"));

		this.contexts.handle(this.session, () -> new Context().run(() -> {
			TENANT.set("of the application");
			this.contexts.beforeFrame(this.attributes, false);
			this.contexts.afterFrame(this.attributes, false);
			assertThat(TENANT.get()).isEqualTo("of the application");
		}));

		assertThat(Context.depth()).isZero();
	}

	@Test
	void frameOfASessionThatHasNotBegunIsLeftAlone() {
		this.contexts.beforeFrame(this.attributes, true);
		assertThat(Context.depth()).isZero();
		this.contexts.afterFrame(this.attributes, true);
		assertThat(Context.depth()).isZero();
	}

	@Test
	void everyCallbackOfAHandlerRunsInAContext() throws Exception {
		ContextWebSocketHandler handler = new ContextWebSocketHandler(new AbstractWebSocketHandler() {

			@Override
			public void afterConnectionEstablished(WebSocketSession session) {
				see();
			}

			@Override
			protected void handleTextMessage(WebSocketSession session, TextMessage message) {
				see();
			}

			@Override
			public void handleTransportError(WebSocketSession session, Throwable exception) {
				see();
			}

			@Override
			public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
				see();
			}

		}, this.contexts);

		handler.afterConnectionEstablished(this.session);
		handler.handleMessage(this.session, new TextMessage("message"));
		handler.handleTransportError(this.session, new IOException("planned"));
		handler.afterConnectionClosed(this.session, CloseStatus.NORMAL);

		assertThat(this.seen).containsExactly("session WebSocket /notes/first: -", "message WebSocket /notes/first: -",
				"message WebSocket /notes/first: -", "message WebSocket /notes/first: -");
		assertThat(this.registry.list()).isEmpty();
	}

	private void handshake(String tenant) throws Exception {
		new ContextFilter(this.registry, List.of((request) -> TENANT.set(tenant)))
			.doFilter(new MockHttpServletRequest(), new MockHttpServletResponse(), (request, response) -> {
				this.threadLocal.set("handshake of " + tenant);
				assertThat(new ContextHandshakeInterceptor(this.contexts).beforeHandshake(
						new ServletServerHttpRequest((HttpServletRequest) request), null, null, this.attributes))
					.isTrue();
			});
	}

	private void see() {
		UnitOfWork unit = this.registry.current();
		assertThat(unit).isNotNull();
		this.seen.add(unit.kind() + " " + unit.origin() + ": " + TENANT.get());
	}

}

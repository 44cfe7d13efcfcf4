package io.github.contextvars.spring.web.socket;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import jakarta.websocket.Extension;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerEndpoint;
import jakarta.websocket.server.ServerEndpointConfig;
import org.junit.jupiter.api.Test;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests of {@link ContextEndpointConfigurator}, {@link EndpointProxyClass} and
 * {@link EndpointSession}.
 */
class ContextEndpointConfiguratorTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	private final WorkRegistry registry = WorkRegistry.tracking();

	private final EndpointProxyClass proxyClass = new EndpointProxyClass(Endpoint.class, "/notes");

	private final Endpoint endpoint = new Endpoint(this.registry);

	private final ApplicationConfigurator delegate = new ApplicationConfigurator(this.endpoint);

	private final ContextEndpointConfigurator configurator = new ContextEndpointConfigurator(this.delegate,
			Endpoint.class, this.proxyClass, "/notes", () -> this.registry);

	private boolean open = true;

	private final Session session = (Session) Proxy.newProxyInstance(getClass().getClassLoader(),
			new Class<?>[] { Session.class }, (proxy, method, arguments) -> this.open);

	@Test
	void methodsRunInContextsOfTheSession() throws Exception {
		Endpoint proxy = handshake("acme");

		proxy.onOpen(this.session);
		assertThat(proxy.onMessage("message")).isEqualTo("answer to message");
		proxy.onError(new IOException("planned"));
		assertThat(this.registry.list()).extracting(UnitOfWork::origin).containsExactly("WebSocket /notes");
		proxy.onClose();
		proxy.other();

		assertThat(this.endpoint.seen).containsExactly("open session acme", "message message open",
				"error message open", "close message open", "other null -");
		assertThat(this.registry.list()).isEmpty();
		assertThat(Context.depth()).isZero();
	}

	@Test
	void sessionThatTheFirstMessageTellsOfIsNotListedOnceItIsClosed() throws Exception {
		Endpoint proxy = handshake("acme");
		proxy.onPing(this.session);
		assertThat(this.registry.list()).hasSize(1);

		this.open = false;

		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void resultsOfAllMethodsComeBack() throws Exception {
		Endpoint proxy = handshake("acme");

		assertThat(proxy.onOpenWithResult()).isEqualTo("opened");
		assertThat(proxy.onCloseWithResult()).isEqualTo("closed");
		assertThat(proxy.otherWithResult()).isEqualTo("other");
	}

	@Test
	void sessionEndsAlsoIfItsLastMethodFails() throws Exception {
		Endpoint proxy = handshake("acme");
		this.endpoint.fails = true;

		assertThatExceptionOfType(IllegalStateException.class).isThrownBy(proxy::onClose).withMessage("planned");

		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void sessionThatIsNotOpenIsNotListed() throws Exception {
		Endpoint proxy = handshake("acme");
		proxy.onOpen(this.session);
		assertThat(this.registry.list()).hasSize(1);

		this.open = false;

		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void handshakeBelongsToOneSession() throws Exception {
		handshake("acme").onOpen(this.session);
		((Endpoint) this.configurator.getEndpointInstance(this.proxyClass.proxyClass())).onOpen(this.session);

		assertThat(this.endpoint.seen).containsExactly("open session acme", "open session -");
		assertThat(this.delegate.depths).containsExactly(1, 1);
	}

	@Test
	void otherQuestionsAreTheApplications() {
		assertThat(this.configurator.checkOrigin("origin")).isTrue();
		assertThat(this.configurator.checkOrigin("other")).isFalse();
		assertThat(this.configurator.getNegotiatedSubprotocol(List.of("a"), List.of("b"))).isEqualTo("[a] [b]");
		assertThat(this.configurator.getNegotiatedExtensions(List.of(), List.of())).hasSize(1);
	}

	@Test
	void proxyClassIsAnEndpointAndKnowsItsCallbacks() throws Exception {
		Class<?> type = this.proxyClass.proxyClass();

		assertThat(type).isAssignableTo(Endpoint.class);
		assertThat(type.getAnnotation(ServerEndpoint.class).value()).isEqualTo("/notes");
		assertThat(EndpointProxyClass.isCallback(Endpoint.class.getDeclaredMethod("onOpen", Session.class))).isTrue();
		assertThat(EndpointProxyClass.isCallback(Endpoint.class.getDeclaredMethod("onClose"))).isTrue();
		assertThat(EndpointProxyClass.isCallback(Endpoint.class.getDeclaredMethod("other"))).isFalse();
	}

	private Endpoint handshake(String tenant) throws Exception {
		ServerEndpointConfig config = ServerEndpointConfig.Builder.create(Endpoint.class, "/notes")
			.configurator(this.delegate)
			.build();
		new Context().run(() -> {
			TENANT.set(tenant);
			this.configurator.modifyHandshake(config, null, null);
		});
		assertThat(this.delegate.handshakes).isEqualTo(1);
		assertThat(config.getUserProperties()).hasSize(1);
		return (Endpoint) this.configurator.getEndpointInstance(this.proxyClass.proxyClass());
	}

	static class Endpoint {

		private final WorkRegistry registry;

		private final List<String> seen = new ArrayList<>();

		private boolean fails;

		Endpoint(WorkRegistry registry) {
			this.registry = registry;
		}

		@OnOpen
		void onOpen(Session session) {
			see("open");
			TENANT.set("open");
		}

		@OnMessage
		String onMessage(String message) {
			see("message");
			TENANT.set("message");
			return "answer to " + message;
		}

		@OnError
		void onError(Throwable failure) {
			see("error");
		}

		@OnClose
		void onClose() {
			see("close");
			if (this.fails) {
				throw new IllegalStateException("planned");
			}
		}

		@OnMessage
		void onPing(Session session) {
			see("ping");
		}

		@OnOpen
		String onOpenWithResult() {
			return "opened";
		}

		@OnClose
		String onCloseWithResult() {
			return "closed";
		}

		String otherWithResult() {
			return "other";
		}

		void other() {
			see("other");
		}

		private void see(String method) {
			UnitOfWork unit = this.registry.current();
			this.seen.add(method + " " + ((unit != null) ? unit.kind() : null) + " " + TENANT.get());
		}

	}

	private static final class ApplicationConfigurator extends ServerEndpointConfig.Configurator {

		private final Endpoint endpoint;

		private final List<Integer> depths = new ArrayList<>();

		private int handshakes;

		private ApplicationConfigurator(Endpoint endpoint) {
			this.endpoint = endpoint;
		}

		@Override
		public <T> T getEndpointInstance(Class<T> type) {
			this.depths.add(Context.depth());
			return type.cast(this.endpoint);
		}

		@Override
		public void modifyHandshake(ServerEndpointConfig config, HandshakeRequest request, HandshakeResponse response) {
			this.handshakes++;
		}

		@Override
		public boolean checkOrigin(String origin) {
			return origin.equals("origin");
		}

		@Override
		public String getNegotiatedSubprotocol(List<String> supported, List<String> requested) {
			return supported + " " + requested;
		}

		@Override
		public List<Extension> getNegotiatedExtensions(List<Extension> installed, List<Extension> requested) {
			return Collections.singletonList(null);
		}

	}

}

package io.github.contextvars.spring.web.socket;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.function.Supplier;

import jakarta.websocket.Extension;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerEndpointConfig;
import jakarta.websocket.server.ServerEndpointConfig.Configurator;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * {@link Configurator} that delegates to the application's, and hands out a proxy of the
 * endpoint for each session.
 * <p>
 * A container answers the handshake and asks for the endpoint on one thread: Jetty at
 * once, Tomcat when all filters have returned.
 */
final class ContextEndpointConfigurator extends Configurator {

	private static final String HANDSHAKE = ContextEndpointConfigurator.class.getName() + ".HANDSHAKE";

	private final Configurator delegate;

	private final Class<?> type;

	private final EndpointProxyClass proxyClass;

	private final Supplier<String> origin;

	private final Supplier<WorkRegistry> workRegistry;

	// The session's configuration keeps the snapshot, so that a handshake that fails
	// leaves nothing.
	@SuppressWarnings("ThreadLocalUsage") // one for each endpoint class
	private final ThreadLocal<@Nullable Reference<WorkSnapshot>> handshake = new ThreadLocal<>();

	/**
	 * Create a configurator.
	 * @param delegate the configurator of the application
	 * @param type the class of the endpoint
	 * @param proxyClass makes the proxies
	 * @param path the path of the endpoint
	 * @param workRegistry enters the contexts; asked for at the first session
	 */
	ContextEndpointConfigurator(Configurator delegate, Class<?> type, EndpointProxyClass proxyClass, String path,
			Supplier<WorkRegistry> workRegistry) {
		this.delegate = delegate;
		this.type = type;
		this.proxyClass = proxyClass;
		this.origin = () -> "WebSocket " + path;
		this.workRegistry = workRegistry;
	}

	@Override
	public String getNegotiatedSubprotocol(List<String> supported, List<String> requested) {
		return this.delegate.getNegotiatedSubprotocol(supported, requested);
	}

	@Override
	public List<Extension> getNegotiatedExtensions(List<Extension> installed, List<Extension> requested) {
		return this.delegate.getNegotiatedExtensions(installed, requested);
	}

	@Override
	public boolean checkOrigin(String origin) {
		return this.delegate.checkOrigin(origin);
	}

	@Override
	public void modifyHandshake(ServerEndpointConfig config, HandshakeRequest request, HandshakeResponse response) {
		this.delegate.modifyHandshake(config, request, response);
		WorkSnapshot snapshot = this.workRegistry.get().capture(UnitOfWork.Kind.SESSION, this.origin);
		config.getUserProperties().put(HANDSHAKE, snapshot);
		this.handshake.set(new WeakReference<>(snapshot));
	}

	@Override
	@SuppressWarnings("unchecked") // the container asks for the class that was registered
	public <T> T getEndpointInstance(Class<T> registered) throws InstantiationException {
		WorkRegistry registry = this.workRegistry.get();
		UnitOfWork session = begin(registry);
		Object endpoint = registry.<Object, InstantiationException>call(session,
				() -> this.delegate.getEndpointInstance(this.type));
		return (T) this.proxyClass.create(new EndpointSession(registry, session, endpoint));
	}

	private UnitOfWork begin(WorkRegistry registry) {
		Reference<WorkSnapshot> captured = this.handshake.get();
		this.handshake.remove();
		WorkSnapshot snapshot = (captured != null) ? captured.get() : null;
		return (snapshot != null) ? snapshot.create() : registry.create(UnitOfWork.Kind.SESSION, this.origin);
	}

}

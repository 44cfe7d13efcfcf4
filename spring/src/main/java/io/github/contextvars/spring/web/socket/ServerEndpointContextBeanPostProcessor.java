package io.github.contextvars.spring.web.socket;

import java.lang.ref.WeakReference;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;

import jakarta.websocket.Extension;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpoint;
import jakarta.websocket.server.ServerEndpointConfig;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.BeanUtils;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.web.socket.server.standard.ServerEndpointExporter;

import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * Bean post-processor that has the container call the methods of {@link ServerEndpoint}
 * classes that a {@link ServerEndpointExporter} registers in contexts: the beginning of a
 * session in the session's own, which begins as a copy of the handshake request's, and
 * each later callback in a copy of that.
 * <p>
 * The classes are registered with a configurator around their own, which hands out a
 * proxy of the endpoint for each session. The bean itself is no proxy: the container
 * would not find the annotation on its class.
 */
final class ServerEndpointContextBeanPostProcessor implements BeanPostProcessor, PropagationSource {

	private static final String CONTAINER = "serverContainer";

	private static final String HANDSHAKE = ServerEndpointContextBeanPostProcessor.class.getName() + ".HANDSHAKE";

	private final Supplier<WorkRegistry> workRegistry;

	private final Map<String, Entry> endpoints = new ConcurrentSkipListMap<>();

	/**
	 * Create a post-processor.
	 * @param workRegistry enters the contexts; asked for at the first session
	 */
	ServerEndpointContextBeanPostProcessor(Supplier<WorkRegistry> workRegistry) {
		this.workRegistry = workRegistry;
	}

	// Before it registers the endpoints, when all singletons are there. The getter is
	// protected.
	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof ServerEndpointExporter exporter
				&& new DirectFieldAccessor(exporter).getPropertyValue(CONTAINER) instanceof ServerContainer container) {
			ProxyFactory factory = new ProxyFactory(ServerContainer.class, (MethodInterceptor) this::register);
			factory.setTarget(container);
			exporter.setServerContainer((ServerContainer) factory.getProxy(exporter.getClass().getClassLoader()));
		}
		return bean;
	}

	/**
	 * List the endpoint classes that were registered so far.
	 */
	@Override
	public Stream<Entry> entries() {
		return List.copyOf(this.endpoints.values()).stream();
	}

	private @Nullable Object register(MethodInvocation invocation) throws Throwable {
		ServerContainer container = (ServerContainer) Objects.requireNonNull(invocation.getThis());
		Class<?> type = (invocation.getMethod().getName().equals("addEndpoint")
				&& invocation.getArguments()[0] instanceof Class<?> argument) ? argument : null;
		ServerEndpoint annotation = (type != null) ? type.getAnnotation(ServerEndpoint.class) : null;
		if (type == null || annotation == null) {
			return invocation.proceed();
		}
		String obstacle = obstacle(type, container);
		if (obstacle != null) {
			this.endpoints.put(type.getName(), Entry.notPropagating(type.getName(), "endpoint", type, obstacle,
					"Change that, or run the body of each method in new Context().run(...)."));
			return invocation.proceed();
		}
		this.endpoints.put(type.getName(), Entry.propagating(type.getName(), "endpoint", type, "configurator"));
		container.addEndpoint(configuration(type, annotation));
		return null;
	}

	private ServerEndpointConfig configuration(Class<?> type, ServerEndpoint annotation) {
		ServerEndpointConfig.Configurator configurator = BeanUtils.instantiateClass(annotation.configurator());
		return ServerEndpointConfig.Builder.create(type, annotation.value())
			.decoders(List.of(annotation.decoders()))
			.encoders(List.of(annotation.encoders()))
			.subprotocols(List.of(annotation.subprotocols()))
			.configurator(new ContextConfigurator(configurator, "WebSocket " + annotation.value(), this.workRegistry))
			.build();
	}

	private static @Nullable String obstacle(Class<?> type, ServerContainer container) {
		if (container.getClass().getName().startsWith("org.eclipse.jetty.")) {
			return "Jetty looks for the annotation on the class of each endpoint that it is given";
		}
		if (Modifier.isFinal(type.getModifiers())) {
			return "its class is final";
		}
		return Arrays.stream(type.getMethods())
			.filter((method) -> Callback.of(method) != Callback.NONE && Modifier.isFinal(method.getModifiers()))
			.map((method) -> "its method '" + method.getName() + "' is final")
			.min(Comparator.naturalOrder())
			.orElse(null);
	}

	/**
	 * What a method of an endpoint is called for.
	 */
	private enum Callback {

		BEGIN, HANDLE, END, NONE;

		static Callback of(Method method) {
			if (method.isAnnotationPresent(OnOpen.class)) {
				return BEGIN;
			}
			if (method.isAnnotationPresent(OnClose.class)) {
				return END;
			}
			return (method.isAnnotationPresent(OnMessage.class) || method.isAnnotationPresent(OnError.class)) ? HANDLE
					: NONE;
		}

	}

	/**
	 * {@link jakarta.websocket.server.ServerEndpointConfig.Configurator Configurator}
	 * that delegates to the application's, and hands out a proxy for each session.
	 */
	private static final class ContextConfigurator extends ServerEndpointConfig.Configurator {

		private final ServerEndpointConfig.Configurator delegate;

		private final String origin;

		private final Supplier<WorkRegistry> workRegistry;

		// The session's configuration keeps the snapshot, so that nothing is left of a
		// handshake that fails.
		@SuppressWarnings("ThreadLocalUsage") // one for each endpoint, as long as it
												// lives
		private final ThreadLocal<@Nullable WeakReference<WorkSnapshot>> handshake = new ThreadLocal<>();

		private ContextConfigurator(ServerEndpointConfig.Configurator delegate, String origin,
				Supplier<WorkRegistry> workRegistry) {
			this.delegate = delegate;
			this.origin = origin;
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
			String described = this.origin;
			WorkSnapshot snapshot = this.workRegistry.get().capture(UnitOfWork.Kind.SESSION, () -> described);
			config.getUserProperties().put(HANDSHAKE, snapshot);
			this.handshake.set(new WeakReference<>(snapshot));
		}

		// Called once for each session, by the thread that has handled its handshake
		// request,
		// when that has ended.
		@Override
		public <T> T getEndpointInstance(Class<T> type) throws InstantiationException {
			T endpoint = this.delegate.getEndpointInstance(type);
			WorkRegistry registry = this.workRegistry.get();
			UnitOfWork session = begin(registry);
			ProxyFactory factory = new ProxyFactory();
			factory.setTarget(endpoint);
			factory.setProxyTargetClass(true);
			factory.setOpaque(true);
			factory.addAdvice(new SessionInterceptor(registry, session));
			T proxy = type.cast(factory.getProxy(type.getClassLoader()));
			registry.awaitCompletion(session, proxy, new IsClosed(session));
			return proxy;
		}

		private UnitOfWork begin(WorkRegistry registry) {
			WeakReference<WorkSnapshot> captured = this.handshake.get();
			this.handshake.remove();
			WorkSnapshot snapshot = (captured != null) ? captured.get() : null;
			String described = this.origin;
			return (snapshot != null) ? snapshot.create() : registry.create(UnitOfWork.Kind.SESSION, () -> described);
		}

	}

	// Keeps the unit of work for as long as the container keeps the endpoint.
	private record IsClosed(UnitOfWork session) implements Predicate<Object> {

		@Override
		public boolean test(Object endpoint) {
			return false; // @OnClose completes it
		}

	}

	/**
	 * {@link MethodInterceptor} that calls the methods of an endpoint in the contexts of
	 * a session.
	 */
	private static final class SessionInterceptor implements MethodInterceptor {

		private final WorkRegistry registry;

		private final UnitOfWork session;

		private SessionInterceptor(WorkRegistry registry, UnitOfWork session) {
			this.registry = registry;
			this.session = session;
		}

		@Override
		@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
		public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
			Callback callback = Callback.of(invocation.getMethod());
			if (callback == Callback.NONE) {
				return invocation.proceed();
			}
			if (callback == Callback.BEGIN) {
				return this.registry.<@Nullable Object, Throwable>call(this.session, invocation::proceed);
			}
			try {
				return this.registry.capture(this.session, UnitOfWork.Kind.MESSAGE, this.session::origin)
					.<@Nullable Object, Throwable>call(invocation::proceed);
			}
			finally {
				if (callback == Callback.END) {
					this.registry.complete(this.session);
				}
			}
		}

	}

}

package io.github.contextvars.spring.web.socket;

import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

import jakarta.websocket.DeploymentException;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpoint;
import jakarta.websocket.server.ServerEndpointConfig;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.BeanUtils;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.web.socket.server.standard.ServerEndpointExporter;

import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkRegistry;

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

	/**
	 * Name of the field of an exporter that holds the container. Its getter is protected.
	 */
	static final String CONTAINER = "serverContainer";

	private static final String CATEGORY = "endpoint";

	private static final String REMEDY = "Change that, or run the body of each method in new Context().run(...).";

	private static final Log logger = LogFactory.getLog(ServerEndpointContextBeanPostProcessor.class);

	private final Supplier<WorkRegistry> workRegistry;

	private final Map<String, Entry> endpoints = new ConcurrentSkipListMap<>();

	/**
	 * Create a post-processor.
	 * @param workRegistry enters the contexts; asked for at the first session
	 */
	ServerEndpointContextBeanPostProcessor(Supplier<WorkRegistry> workRegistry) {
		this.workRegistry = workRegistry;
	}

	// It registers the endpoints later, when all singletons are there.
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
		if (invocation.getMethod().getName().equals("addEndpoint")
				&& invocation.getArguments()[0] instanceof Class<?> type) {
			ServerEndpoint annotation = type.getAnnotation(ServerEndpoint.class);
			if (annotation != null && register(container, type, annotation)) {
				return null;
			}
		}
		return invocation.proceed();
	}

	private boolean register(ServerContainer container, Class<?> type, ServerEndpoint annotation)
			throws DeploymentException {
		boolean jetty = container.getClass().getName().startsWith("org.eclipse.jetty.");
		String obstacle = (jetty || container.getClass().getName().startsWith("org.apache.tomcat.")) ? obstacle(type)
				: "its container is neither Tomcat nor Jetty";
		EndpointProxyClass proxyClass = null;
		if (obstacle == null) {
			try {
				proxyClass = new EndpointProxyClass(type, annotation.value());
			}
			catch (RuntimeException ex) {
				obstacle = "its class cannot have a subclass";
			}
		}
		if (proxyClass == null) {
			Entry entry = Entry.notPropagating(type.getName(), CATEGORY, type, Objects.requireNonNull(obstacle),
					REMEDY);
			this.endpoints.put(type.getName(), entry);
			logger.warn("WebSocket endpoint '" + type.getName() + "' does not get a context for each session: "
					+ entry.reason() + ". " + entry.remedy());
			return false;
		}
		container
			.addEndpoint(ServerEndpointConfig.Builder.create(jetty ? proxyClass.proxyClass() : type, annotation.value())
				.decoders(List.of(annotation.decoders()))
				.encoders(List.of(annotation.encoders()))
				.subprotocols(List.of(annotation.subprotocols()))
				.configurator(new ContextEndpointConfigurator(BeanUtils.instantiateClass(annotation.configurator()),
						type, proxyClass, annotation.value(), this.workRegistry))
				.build());
		this.endpoints.put(type.getName(), Entry.propagating(type.getName(), CATEGORY, type, "configurator"));
		return true;
	}

	private static @Nullable String obstacle(Class<?> type) {
		if (Modifier.isFinal(type.getModifiers())) {
			return "its class is final";
		}
		return Arrays.stream(type.getMethods())
			.filter((method) -> (method.getModifiers() & (Modifier.FINAL | Modifier.STATIC)) != 0
					&& EndpointProxyClass.isCallback(method))
			.map((method) -> "its method '" + method.getName() + "' is final or static")
			.min(Comparator.naturalOrder())
			.orElse(null);
	}

}

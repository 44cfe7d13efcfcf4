package io.github.contextvars.spring.web.socket;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Member;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

import jakarta.websocket.DeploymentException;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpoint;
import jakarta.websocket.server.ServerEndpointConfig;
import jakarta.websocket.server.ServerEndpointConfig.Configurator;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.BeanUtils;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.jndi.JndiLocatorDelegate;
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

	private static final Set<String> TOMCATS = Set.of("jakarta.annotation.PostConstruct",
			"jakarta.annotation.PreDestroy", "jakarta.annotation.Resource");

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
		String obstacle = (jetty || container.getClass().getName().startsWith("org.apache.tomcat."))
				? obstacle(type, !jetty) : "its container is neither Tomcat nor Jetty";
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
			refuse(type, Objects.requireNonNull(obstacle));
			return false;
		}
		Configurator configurator = new ContextEndpointConfigurator(
				BeanUtils.instantiateClass(annotation.configurator()), type, proxyClass, annotation.value(),
				this.workRegistry);
		container
			.addEndpoint(ServerEndpointConfig.Builder.create(jetty ? proxyClass.proxyClass() : type, annotation.value())
				.decoders(List.of(annotation.decoders()))
				.encoders(List.of(annotation.encoders()))
				.subprotocols(List.of(annotation.subprotocols()))
				.configurator(configurator)
				.build());
		this.endpoints.put(type.getName(), Entry.propagating(type.getName(), CATEGORY, type, "configurator"));
		return true;
	}

	private void refuse(Class<?> type, String reason) {
		String remedy = "Change that, or run the body of each method in new Context().run(...).";
		this.endpoints.put(type.getName(), Entry.notPropagating(type.getName(), CATEGORY, type, reason, remedy));
		logger.warn("WebSocket endpoint '" + type.getName() + "' does not get a context for each session: " + reason
				+ ". " + remedy);
	}

	private static @Nullable String obstacle(Class<?> type, boolean tomcat) {
		if (Modifier.isFinal(type.getModifiers())) {
			return "its class is final";
		}
		String fixed = first(Arrays.stream(type.getMethods())
			.filter((method) -> (method.getModifiers() & (Modifier.FINAL | Modifier.STATIC)) != 0
					&& EndpointProxyClass.isCallback(method)));
		if (fixed != null) {
			return "its method '" + fixed + "' is final or static";
		}
		String injected = tomcat ? first(hiddenMembers(type)) : null;
		return (injected != null && JndiLocatorDelegate.isDefaultJndiEnvironmentAvailable())
				? "Tomcat injects or calls its member '" + injected + "', which a proxy hides" : null;
	}

	// Where there is JNDI, Tomcat prepares the endpoint that it is given, the proxy.
	private static Stream<Member> hiddenMembers(Class<?> type) {
		return Stream.<Class<?>>iterate(type, (ancestor) -> ancestor != Object.class, Class::getSuperclass)
			.flatMap((ancestor) -> Stream.<Member>concat(Arrays.stream(ancestor.getDeclaredFields()),
					Arrays.stream(ancestor.getDeclaredMethods())
						.filter((method) -> Modifier.isPrivate(method.getModifiers()))))
			.filter((member) -> Arrays.stream(((AnnotatedElement) member).getAnnotations())
				.anyMatch((present) -> TOMCATS.contains(present.annotationType().getName())));
	}

	private static @Nullable String first(Stream<? extends Member> members) {
		return members.map(Member::getName).min(Comparator.naturalOrder()).orElse(null);
	}

}

package io.github.contextvars.spring.rpc;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;

import io.grpc.ServerBuilder;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;
import org.springframework.grpc.server.GrpcServerFactory;
import org.springframework.grpc.server.ServerBuilderCustomizer;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;

import io.github.contextvars.spring.work.PropagationSource;

/**
 * {@link ServerBuilderCustomizer} that makes a {@link ContextServerInterceptor} the
 * outermost interceptor of a server: those of the server are outside of all that belong
 * to services, global ones included, and the last one is the outermost. Reports the
 * servers that were started.
 *
 * @param <T> the type of the server's builder
 */
final class ContextServerBuilderCustomizer<T extends ServerBuilder<T>>
		implements ServerBuilderCustomizer<T>, Ordered, ApplicationListener<GrpcServerStartedEvent>, PropagationSource {

	private static final String CATEGORY = "rpc";

	private static final String MECHANISM = "server interceptor";

	private final Function<Boolean, ContextServerInterceptor> interceptors;

	private final ConfigurableListableBeanFactory beanFactory;

	// A server is built and started by the same thread. A servlet is never started.
	private final Map<Thread, Class<?>> built = new ConcurrentHashMap<>();

	private final Map<GrpcServerFactory, Boolean> started = new ConcurrentHashMap<>();

	/**
	 * Create a customizer.
	 * @param interceptors make what each server gets, from whether it tells the addresses
	 * of connections
	 * @param beanFactory knows the names of the servers' factories
	 */
	ContextServerBuilderCustomizer(Function<Boolean, ContextServerInterceptor> interceptors,
			ConfigurableListableBeanFactory beanFactory) {
		this.interceptors = interceptors;
		this.beanFactory = beanFactory;
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	@Override
	public void customize(T builder) {
		// A servlet has the address that the web server tells.
		builder.intercept(this.interceptors.apply(!builder.getClass().getName().contains(".servlet.")));
		this.built.put(Thread.currentThread(), builder.getClass());
	}

	@Override
	public void onApplicationEvent(GrpcServerStartedEvent event) {
		boolean customized = this.built.remove(Thread.currentThread()) != null;
		this.started.put(event.getSource().getFactory(), customized);
	}

	// By the thread that publishes it, the one that has built the server.
	@Override
	public boolean supportsAsyncExecution() {
		return false;
	}

	@Override
	public Stream<Entry> entries() {
		return Stream.concat(
				this.built.values()
					.stream()
					.map((type) -> Entry.propagating(type.getSimpleName(), CATEGORY, type, MECHANISM)),
				this.started.entrySet().stream().map((server) -> entry(server.getKey(), server.getValue())));
	}

	private Entry entry(GrpcServerFactory factory, boolean customized) {
		String name = nameOf(factory);
		return customized ? Entry.propagating(name, CATEGORY, factory.getClass(), MECHANISM)
				: Entry.notPropagating(name, CATEGORY, factory.getClass(),
						"it has not applied the ServerBuilderCustomizer beans to the server's builder",
						"Apply them, or builder.intercept(new ContextServerInterceptor(workRegistry)).");
	}

	@SuppressWarnings("ReferenceEquality") // it is this very bean
	private String nameOf(GrpcServerFactory factory) {
		for (String name : this.beanFactory.getBeanNamesForType(GrpcServerFactory.class, false, false)) {
			if (this.beanFactory.getSingleton(name) == factory) {
				return name;
			}
		}
		return factory.getClass().getSimpleName();
	}

}

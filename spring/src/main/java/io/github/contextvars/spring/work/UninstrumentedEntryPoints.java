package io.github.contextvars.spring.work;

import java.util.List;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.util.ClassUtils;

/**
 * {@link PropagationSource} that names the beans through which work begins that no
 * integration of the library reaches. Their types are looked for by name when the entries
 * are asked for.
 */
final class UninstrumentedEntryPoints implements PropagationSource {

	private static final String NEW_CONTEXT = "Run the body of each method that it calls in new Context().run(...).";

	private static final List<Known> KNOWN = List.of(
			new Known("jakarta.websocket.server.ServerEndpointConfig", "endpoint",
					"the web container calls its methods itself",
					"Use a WebSocketHandler instead, or run the body of each method in new Context().run(...).", null),
			new Known("org.springframework.jms.listener.endpoint.JmsMessageEndpointManager", "listener",
					"a JCA resource adapter calls it", NEW_CONTEXT, null),
			new Known("org.springframework.rabbit.stream.listener.StreamListenerContainer", "listener",
					"containers of RabbitMQ's streams are not instrumented", NEW_CONTEXT, null),
			new Known("org.springframework.data.redis.listener.ReactiveRedisMessageListenerContainer", "listener",
					"its messages are signals of Reactor", NEW_CONTEXT, null),
			new Known("org.springframework.messaging.rsocket.annotation.support.RSocketMessageHandler", "handler",
					"requests of RSocket are not instrumented", NEW_CONTEXT, "contextVarsRSocketPropagation"),
			new Known("org.springframework.web.reactive.DispatcherHandler", "handler",
					"requests of WebFlux begin in no context, as nothing decorates its HttpHandler",
					"Import ContextWebFluxConfiguration, or remove 'contextvars.web.enabled=false'.",
					"contextVarsHttpHandlerDecorator"));

	private final ConfigurableListableBeanFactory beanFactory;

	/**
	 * Create a source.
	 * @param beanFactory holds the beans
	 */
	UninstrumentedEntryPoints(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	@Override
	public Stream<Entry> entries() {
		return KNOWN.stream()
			.flatMap((known) -> known.entries(this.beanFactory, this.beanFactory.getBeanClassLoader()));
	}

	/**
	 * A type of beans.
	 *
	 * @param type the name of the type
	 * @param category what it is
	 * @param reason why what it begins gets no context
	 * @param remedy what to write
	 * @param reporter the name of the bean that reports them instead, where it is there
	 */
	private record Known(String type, String category, String reason, @Nullable String remedy,
			@Nullable String reporter) {

		Stream<Entry> entries(ListableBeanFactory beanFactory, @Nullable ClassLoader classLoader) {
			if ((this.reporter != null && beanFactory.containsBean(this.reporter))
					|| !ClassUtils.isPresent(this.type, classLoader)) {
				return Stream.empty();
			}
			Class<?> present = ClassUtils.resolveClassName(this.type, classLoader);
			return Stream.of(beanFactory.getBeanNamesForType(present, false, false))
				.map((name) -> Entry.notPropagating(name, this.category, present, this.reason, this.remedy));
		}

	}

}

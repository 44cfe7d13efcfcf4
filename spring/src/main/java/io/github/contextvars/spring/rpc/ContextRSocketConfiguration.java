package io.github.contextvars.spring.rpc;

import java.util.stream.Stream;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.messaging.rsocket.RSocketConnectorConfigurer;
import org.springframework.messaging.rsocket.annotation.support.RSocketMessageHandler;
import reactor.core.publisher.Hooks;

import io.github.contextvars.spring.threadlocal.ContextReactorConfiguration;
import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} that makes the interceptors that run each request
 * of RSocket in a fresh context. Spring Boot gives them to its servers.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnPresent({ "io.rsocket.plugins.InterceptorRegistry",
		"org.springframework.messaging.rsocket.RSocketConnectorConfigurer",
		"io.micrometer.context.ThreadLocalAccessor" })
@Import({ WorkConfiguration.class, ContextReactorConfiguration.class })
public final class ContextRSocketConfiguration {

	@Bean
	ContextRSocketInterceptors contextVarsRSocketInterceptors(WorkRegistry workRegistry) {
		return new ContextRSocketInterceptors(workRegistry);
	}

	// For the handlers of a client, which a server may call.
	@Bean
	RSocketConnectorConfigurer contextVarsRSocketConnectorConfigurer(ContextRSocketInterceptors interceptors) {
		return (connector) -> connector.interceptors(interceptors);
	}

	@Bean
	PropagationSource contextVarsRSocketPropagation(ListableBeanFactory beanFactory,
			ContextRSocketInterceptors interceptors) {
		return () -> Stream.of(beanFactory.getBeanNamesForType(RSocketMessageHandler.class, true, false))
			.map((name) -> entry(name, interceptors.isApplied()));
	}

	private static PropagationSource.Entry entry(String name, boolean applied) {
		if (!Hooks.isAutomaticContextPropagationEnabled()) {
			return notPropagating(name, "Reactor's automatic context propagation is off, and signals run in no context",
					"Set spring.reactor.context-propagation=auto.");
		}
		return applied
				? PropagationSource.Entry.propagating(name, "rpc", RSocketMessageHandler.class, "RSocket interceptors")
				: notPropagating(name, "no server has been given the bean contextVarsRSocketInterceptors",
						"Call server.interceptors(contextRSocketInterceptors), or let Spring Boot build the server.");
	}

	private static PropagationSource.Entry notPropagating(String name, String reason, String remedy) {
		return PropagationSource.Entry.notPropagating(name, "rpc", RSocketMessageHandler.class, reason, remedy);
	}

}

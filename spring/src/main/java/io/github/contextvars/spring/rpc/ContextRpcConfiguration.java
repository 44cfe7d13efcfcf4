package io.github.contextvars.spring.rpc;

import java.util.function.Supplier;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.Order;
import org.springframework.grpc.server.GlobalServerInterceptor;
import org.springframework.grpc.server.security.GrpcSecurity;
import org.springframework.messaging.rsocket.RSocketConnectorConfigurer;
import org.springframework.messaging.rsocket.annotation.support.RSocketMessageHandler;
import org.springframework.util.function.SingletonSupplier;
import reactor.core.publisher.Hooks;

import io.github.contextvars.spring.fill.AuthenticationFiller;
import io.github.contextvars.spring.fill.ContextFillConfiguration;
import io.github.contextvars.spring.fill.FillRules;
import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.threadlocal.ContextReactorConfiguration;
import io.github.contextvars.spring.work.PresenceCondition;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} that runs each call of a gRPC server in a fresh
 * context, if the server is built by Spring gRPC, and makes the interceptors that do so
 * for each request of RSocket.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import({ ContextRpcConfiguration.Servers.class, ContextRpcConfiguration.Security.class,
		ContextRpcConfiguration.RSockets.class })
public final class ContextRpcConfiguration {

	/**
	 * Condition that Spring gRPC is present.
	 */
	static final class GrpcIsPresent extends PresenceCondition {

		GrpcIsPresent() {
			super("org.springframework.grpc.server.ServerBuilderCustomizer");
		}

	}

	/**
	 * {@link Configuration @Configuration} for the servers of Spring gRPC.
	 */
	@Configuration(proxyBeanMethods = false)
	@Conditional(GrpcIsPresent.class)
	@Import(WorkConfiguration.class)
	static final class Servers {

		@Bean
		ContextServerBuilderCustomizer<?> contextVarsServerBuilderCustomizer(WorkRegistry workRegistry,
				ObjectProvider<RemoteReceiver> receiver, ConfigurableListableBeanFactory beanFactory) {
			Supplier<@Nullable RemoteReceiver> known = SingletonSupplier.ofNullable(receiver::getIfAvailable);
			return new ContextServerBuilderCustomizer<>(
					(addresses) -> new ContextServerInterceptor(workRegistry, known, addresses), beanFactory);
		}

	}

	/**
	 * Condition that Spring Security can authenticate calls.
	 */
	static final class GrpcSecurityIsPresent extends PresenceCondition {

		GrpcSecurityIsPresent() {
			super("org.springframework.grpc.server.GlobalServerInterceptor",
					"org.springframework.security.config.annotation.SecurityBuilder");
		}

	}

	/**
	 * {@link Configuration @Configuration} that fills variables from the users of calls.
	 */
	@Configuration(proxyBeanMethods = false)
	@Conditional(GrpcSecurityIsPresent.class)
	@Import(ContextFillConfiguration.class)
	static final class Security {

		@Bean
		@GlobalServerInterceptor
		@Order(GrpcSecurity.CONTEXT_FILTER_ORDER + 1)
		AuthenticationServerInterceptor contextVarsAuthenticationServerInterceptor(AuthenticationFiller filler,
				FillRules rules) {
			return new AuthenticationServerInterceptor(filler, rules);
		}

	}

	/**
	 * Condition that RSocket is present, and what Reactor propagates with.
	 */
	static final class RSocketIsPresent extends PresenceCondition {

		RSocketIsPresent() {
			super("io.rsocket.plugins.InterceptorRegistry",
					"org.springframework.messaging.rsocket.RSocketConnectorConfigurer",
					"io.micrometer.context.ThreadLocalAccessor");
		}

	}

	/**
	 * {@link Configuration @Configuration} for RSocket. Spring Boot gives the
	 * interceptors to its servers.
	 */
	@Configuration(proxyBeanMethods = false)
	@Conditional(RSocketIsPresent.class)
	@Import({ WorkConfiguration.class, ContextReactorConfiguration.class })
	static final class RSockets {

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
				return notPropagating(name,
						"Reactor's automatic context propagation is off, and signals run in no context",
						"Set spring.reactor.context-propagation=auto.");
			}
			return applied
					? PropagationSource.Entry.propagating(name, "rpc", RSocketMessageHandler.class,
							"RSocket interceptors")
					: notPropagating(name, "no server has been given the bean contextVarsRSocketInterceptors",
							"Call server.interceptors(contextRSocketInterceptors), or let Spring Boot build the server.");
		}

		private static PropagationSource.Entry notPropagating(String name, String reason, String remedy) {
			return PropagationSource.Entry.notPropagating(name, "rpc", RSocketMessageHandler.class, reason, remedy);
		}

	}

}

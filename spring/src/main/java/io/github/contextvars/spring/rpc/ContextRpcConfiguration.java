package io.github.contextvars.spring.rpc;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.Order;
import org.springframework.grpc.server.GlobalServerInterceptor;
import org.springframework.grpc.server.security.GrpcSecurity;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.fill.AuthenticationFiller;
import io.github.contextvars.spring.fill.ContextFillConfiguration;
import io.github.contextvars.spring.fill.FillRules;
import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.work.PresenceCondition;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} that runs each call of a gRPC server in a fresh
 * context, if the server is built by Spring gRPC.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import({ ContextRpcConfiguration.Servers.class, ContextRpcConfiguration.Security.class })
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

}

package io.github.contextvars.spring.rpc;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
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
import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} that runs each call of a gRPC server in a fresh
 * context, if the server is built by Spring gRPC.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnPresent("org.springframework.grpc.server.ServerBuilderCustomizer")
@Import({ WorkConfiguration.class, ContextGrpcConfiguration.Security.class })
public final class ContextGrpcConfiguration {

	@Bean
	ContextServerBuilderCustomizer<?> contextVarsServerBuilderCustomizer(WorkRegistry workRegistry,
			ObjectProvider<RemoteReceiver> receiver, ConfigurableListableBeanFactory beanFactory) {
		Supplier<@Nullable RemoteReceiver> known = SingletonSupplier.ofNullable(receiver::getIfAvailable);
		return new ContextServerBuilderCustomizer<>(
				(addresses) -> new ContextServerInterceptor(workRegistry, known, addresses), beanFactory);
	}

	/**
	 * {@link Configuration @Configuration} that fills variables from the users of calls.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent({ "org.springframework.grpc.server.GlobalServerInterceptor",
			"org.springframework.security.config.annotation.SecurityBuilder" })
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

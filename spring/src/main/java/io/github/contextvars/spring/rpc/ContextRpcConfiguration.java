package io.github.contextvars.spring.rpc;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

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
@Import(ContextRpcConfiguration.Servers.class)
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
				ConfigurableListableBeanFactory beanFactory) {
			return new ContextServerBuilderCustomizer<>(new ContextServerInterceptor(workRegistry), beanFactory);
		}

	}

}

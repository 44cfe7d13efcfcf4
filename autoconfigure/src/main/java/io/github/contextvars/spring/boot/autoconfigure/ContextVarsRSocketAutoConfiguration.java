package io.github.contextvars.spring.boot.autoconfigure;

import io.rsocket.core.RSocketServer;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.rsocket.server.RSocketServerCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

import io.github.contextvars.spring.rpc.ContextRSocketConfiguration;
import io.github.contextvars.spring.rpc.ContextRSocketInterceptors;

/**
 * {@link AutoConfiguration Auto-configuration} that runs each request of RSocket in a
 * context.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnClass(name = { "io.rsocket.plugins.InterceptorRegistry",
		"org.springframework.messaging.rsocket.RSocketConnectorConfigurer",
		"io.micrometer.context.ThreadLocalAccessor" })
@ConditionalOnBooleanProperty(name = "contextvars.rpc.enabled", matchIfMissing = true)
@Import(ContextRSocketConfiguration.class)
public final class ContextVarsRSocketAutoConfiguration {

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ RSocketServerCustomizer.class, RSocketServer.class })
	static final class RSocketServerConfiguration {

		// The last one is the outermost.
		@Bean
		@Order(Ordered.LOWEST_PRECEDENCE)
		RSocketServerCustomizer contextVarsRSocketServerCustomizer(
				ObjectProvider<ContextRSocketInterceptors> interceptors) {
			return (server) -> interceptors.ifAvailable(server::interceptors);
		}

	}

}

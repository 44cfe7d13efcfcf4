package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.rpc.ContextGrpcConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} that runs each call of a gRPC server in a
 * context.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnClass(name = "org.springframework.grpc.server.ServerBuilderCustomizer")
@ConditionalOnBooleanProperty(name = "contextvars.rpc.enabled", matchIfMissing = true)
@Import(ContextGrpcConfiguration.class)
public final class ContextVarsGrpcAutoConfiguration {

}

package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.graphql.ContextGraphQlConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} that propagates what the interceptors of a
 * GraphQL request have set, and binds values in GraphQL controllers.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnClass(name = "org.springframework.graphql.server.WebGraphQlInterceptor")
@Import(ContextGraphQlConfiguration.class)
public final class ContextVarsGraphQlAutoConfiguration {

}

package io.github.contextvars.spring.graphql;

import org.springframework.core.Ordered;
import org.springframework.graphql.server.WebGraphQlInterceptor;
import org.springframework.graphql.server.WebGraphQlRequest;
import org.springframework.graphql.server.WebGraphQlResponse;
import reactor.core.publisher.Mono;

import io.github.contextvars.Context;
import io.github.contextvars.spring.threadlocal.ContextThreadLocalAccessor;

/**
 * {@link WebGraphQlInterceptor} that lets data fetchers and batch loaders see what the
 * interceptors before it have set. Spring for GraphQL captures the context before it
 * calls any.
 */
final class ContextGraphQlInterceptor implements WebGraphQlInterceptor, Ordered {

	private final ContextThreadLocalAccessor accessor = new ContextThreadLocalAccessor();

	// The last one, also of those that have no order: they are declared before it.
	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	// An interceptor that has changed to a thread outside any context leaves it at what
	// was captured before.
	@Override
	public Mono<WebGraphQlResponse> intercept(WebGraphQlRequest request, Chain chain) {
		return chain.next(request)
			.contextWrite((captured) -> (Context.depth() > 0)
					? captured.put(ContextThreadLocalAccessor.KEY, this.accessor.getValue()) : captured);
	}

}

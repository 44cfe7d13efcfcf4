package io.github.contextvars.spring.graphql;

import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;
import org.springframework.graphql.server.WebGraphQlInterceptor;
import org.springframework.graphql.server.WebGraphQlRequest;
import org.springframework.graphql.server.WebGraphQlResponse;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.threadlocal.ContextThreadLocalAccessor;

/**
 * {@link WebGraphQlInterceptor} that lets data fetchers and batch loaders see what the
 * interceptors before it have set. Spring for GraphQL captures the context before it
 * calls any.
 * <p>
 * An interceptor may have changed threads, and the one that continues may be in another
 * request's context, as that which completes a future that requests share. So the first
 * interceptor marks the request's context, and with it all copies.
 */
final class ContextGraphQlInterceptor implements WebGraphQlInterceptor, Ordered {

	private static final ContextVar<Object> REQUEST = ContextVar.of("io.github.contextvars.graphql.request");

	private static final Object NONE = new Object();

	private static final ContextThreadLocalAccessor ACCESSOR = new ContextThreadLocalAccessor();

	// The last one, also of those that have no order: they are declared before it.
	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	// At once: what subscribes may be in a copy from before, in Reactor's automatic mode.
	@Override
	public Mono<WebGraphQlResponse> intercept(WebGraphQlRequest request, Chain chain) {
		Object mark = (Context.depth() > 0) ? REQUEST.get(NONE) : NONE;
		Object values = ACCESSOR.getValue();
		return chain.next(request)
			.contextWrite((captured) -> isOf(captured, mark) ? captured.put(ContextThreadLocalAccessor.KEY, values)
					: captured);
	}

	// Elsewhere, what was captured before is left.
	private static boolean isOf(ContextView request, Object mark) {
		return request.getOrDefault(REQUEST, request) == mark;
	}

	/**
	 * {@link WebGraphQlInterceptor} that marks the context of a request, and captures
	 * what interceptors have set before the first may change threads.
	 */
	static final class Mark implements WebGraphQlInterceptor, PriorityOrdered {

		@Override
		public int getOrder() {
			return HIGHEST_PRECEDENCE;
		}

		@Override
		public Mono<WebGraphQlResponse> intercept(WebGraphQlRequest request, Chain chain) {
			if (Context.depth() == 0) {
				return chain.next(request);
			}
			Object mark = new Object();
			REQUEST.set(mark);
			Mono<WebGraphQlResponse> response = chain.next(request);
			Object values = ACCESSOR.getValue();
			return response
				.contextWrite((captured) -> captured.put(ContextThreadLocalAccessor.KEY, values).put(REQUEST, mark));
		}

	}

}

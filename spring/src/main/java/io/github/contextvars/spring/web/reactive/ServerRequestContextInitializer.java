package io.github.contextvars.spring.web.reactive;

import org.springframework.http.server.reactive.ServerHttpRequest;

/**
 * Bean that sets context variables from a request of Spring WebFlux. It is called inside
 * the request's context, before all {@link org.springframework.web.server.WebFilter}s and
 * error handlers, which see what it sets. Nothing has authenticated the caller at that
 * point: for values that decide about access, use an
 * {@link io.github.contextvars.spring.fill.AuthenticationContextInitializer}.
 * <p>
 * It is called once for each request, on a thread of the server, and must not block. What
 * has to be looked up is set behind it, by a {@code WebFilter} with
 * {@link io.github.contextvars.spring.threadlocal.ReactorContextVars}. What it throws
 * fails the request; an {@link org.springframework.web.ErrorResponse} is answered as a
 * problem detail. These beans are called in the order of
 * {@link org.springframework.core.annotation.Order @Order}, after
 * {@code contextvars.fill} has filled variables from headers.
 *
 * @since 0.1.0
 * @see io.github.contextvars.spring.web.servlet.RequestContextInitializer
 */
@FunctionalInterface
public interface ServerRequestContextInitializer {

	/**
	 * Set variables of the current context.
	 * @param request the request, as the server presents it. Its address and host are
	 * what the caller claims if the server applies forwarded headers
	 */
	void initialize(ServerHttpRequest request);

}

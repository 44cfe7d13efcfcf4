package io.github.contextvars.spring.web.servlet;

import jakarta.servlet.http.HttpServletRequest;

/**
 * Bean that sets context variables from a request. It is called by the
 * {@link ContextFilter}, inside the request's context and before all other filters, on
 * the request's thread, once for each request. Nothing has authenticated the caller at
 * that point: for values that decide about access, use an
 * {@link io.github.contextvars.spring.fill.AuthenticationContextInitializer}.
 * <p>
 * It should read neither parameters nor the body, as no filter has set the encoding yet.
 * What it throws fails the request; an {@link org.springframework.web.ErrorResponse} is
 * answered as a problem detail. Spring Boot calls these beans in the order of
 * {@link org.springframework.core.annotation.Order @Order}, after
 * {@code contextvars.fill} has filled variables from headers.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface RequestContextInitializer {

	/**
	 * Set variables of the current context.
	 * @param request the request
	 */
	void initialize(HttpServletRequest request);

}

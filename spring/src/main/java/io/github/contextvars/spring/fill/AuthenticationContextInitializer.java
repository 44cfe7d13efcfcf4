package io.github.contextvars.spring.fill;

import org.springframework.security.core.Authentication;

/**
 * Bean that sets context variables from the authenticated user: of a request, behind
 * Spring Security's filter chain; of a WebSocket session, behind the interceptors of
 * STOMP's CONNECT frame; of a gRPC call, behind Spring Security's interceptor. It is
 * called inside the context of what begins, on the same thread, and not for anonymous
 * users. What runs inside Spring Security's chain does not see what it sets.
 * <p>
 * In a reactive application it is called on a thread of the server, and must not block.
 * It may replace what a header has set, and is called after {@code contextvars.fill} has
 * filled variables from the same user. What it throws fails the request, the call or the
 * CONNECT frame; for a request, an {@link org.springframework.web.ErrorResponse} is
 * answered as a problem detail.
 *
 * @since 0.1.0
 * @see io.github.contextvars.spring.web.servlet.RequestContextInitializer
 */
@FunctionalInterface
public interface AuthenticationContextInitializer {

	/**
	 * Set variables of the current context.
	 * @param authentication an authenticated user, not an anonymous one
	 */
	void initialize(Authentication authentication);

}

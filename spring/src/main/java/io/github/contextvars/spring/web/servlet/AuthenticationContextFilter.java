package io.github.contextvars.spring.web.servlet;

import java.io.IOException;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.cors.CorsUtils;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.spring.fill.AuthenticationFiller;
import io.github.contextvars.spring.fill.FillRules;

/**
 * {@link jakarta.servlet.Filter} that fills variables of a request's context from the
 * authenticated user. Register it right behind Spring Security's filter; requests that
 * this one rejects never reach it. Does nothing for a request that is in no context.
 *
 * @since 0.1.0
 * @see io.github.contextvars.spring.fill.AuthenticationContextInitializer
 */
public final class AuthenticationContextFilter extends OncePerRequestFilter {

	private final AuthenticationFiller filler;

	private final FillRules rules;

	/**
	 * Create a filter.
	 * @param filler fills the variables
	 * @param rules says which are required
	 */
	public AuthenticationContextFilter(AuthenticationFiller filler, FillRules rules) {
		this.filler = filler;
		this.rules = rules;
	}

	@Override
	protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
			throws ServletException, IOException {
		if (ContextFilter.findUnitOfWork(request).isEmpty()) {
			chain.doFilter(request, response);
			return;
		}
		try {
			this.filler.fill(SecurityContextHolder.getContext().getAuthentication(),
					ContextFilter.filledValues(request));
			if (!CorsUtils.isPreFlightRequest(request)) {
				this.rules.checkAuthenticated();
			}
		}
		catch (RuntimeException ex) {
			ContextFilter.answer(ex, response);
			return;
		}
		chain.doFilter(request, response);
	}

}

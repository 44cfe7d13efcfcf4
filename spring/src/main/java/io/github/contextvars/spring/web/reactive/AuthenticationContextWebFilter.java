package io.github.contextvars.spring.web.reactive;

import java.util.Optional;

import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.ReactiveSecurityContextHolder;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.web.cors.reactive.CorsUtils;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

import io.github.contextvars.spring.fill.AuthenticationFiller;
import io.github.contextvars.spring.fill.FillRules;

/**
 * {@link WebFilter} right behind Spring Security's that fills variables of the request's
 * context from the authenticated user.
 *
 * @see io.github.contextvars.spring.fill.AuthenticationContextInitializer
 */
final class AuthenticationContextWebFilter implements WebFilter, Ordered {

	// Spring Security's filter has -100, which cannot be changed.
	private static final int ORDER = -99;

	private final AuthenticationFiller filler;

	private final FillRules rules;

	AuthenticationContextWebFilter(AuthenticationFiller filler, FillRules rules) {
		this.filler = filler;
		this.rules = rules;
	}

	@Override
	public int getOrder() {
		return ORDER;
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		if (!this.filler.isNeeded()) {
			return chain.filter(exchange);
		}
		return ReactiveSecurityContextHolder.getContext()
			.mapNotNull(SecurityContext::getAuthentication)
			.map(Optional::of)
			.defaultIfEmpty(Optional.empty())
			.flatMap((user) -> Mono
				.deferContextual((view) -> filter(exchange, chain, user.orElse(null), Context.of(view))));
	}

	private Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain, @Nullable Authentication user,
			Context context) {
		RequestContext request = RequestContext.find(context);
		if (request == null || !request.isOfApplication()) {
			return chain.filter(exchange);
		}
		try {
			Context filled = request.fill(context, () -> {
				this.filler.fill(user, request.filled());
				if (!CorsUtils.isPreFlightRequest(exchange.getRequest())) {
					this.rules.checkAuthenticated();
				}
			});
			return chain.filter(exchange).contextWrite((outer) -> filled);
		}
		catch (RuntimeException ex) {
			return RequestContext.answer(ex, exchange.getResponse());
		}
	}

}

package io.github.contextvars.demo.hello;

import java.io.IOException;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

/**
 * Filter that sets the address from which each request comes.
 */
@Component
final class ClientAddressFilter extends OncePerRequestFilter {

	@ContextVariable(description = "Where the request comes from")
	static final ContextVar<String> CLIENT_ADDR = ContextVar.of("client_addr");

	@Override
	protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
			throws ServletException, IOException {
		CLIENT_ADDR.set(request.getRemoteAddr());
		chain.doFilter(request, response);
	}

}

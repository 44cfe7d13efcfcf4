package io.github.contextvars.spring.web;

import java.io.IOException;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.Context;
import io.github.contextvars.spring.live.LiveContext;
import io.github.contextvars.spring.live.LiveContexts;

/**
 * Runs each request in a fresh context, around all filters and servlets behind it. An
 * ASYNC or ERROR dispatch of the request enters the same context again, on whichever
 * thread; FORWARD and INCLUDE happen inside it. The context is left on every way out.
 */
public final class ContextFilter extends OncePerRequestFilter {

	private static final String WORK = ContextFilter.class.getName() + ".WORK";

	private final LiveContexts liveContexts;

	/**
	 * Create a filter.
	 * @param liveContexts what enters the contexts
	 */
	public ContextFilter(LiveContexts liveContexts) {
		this.liveContexts = liveContexts;
	}

	@Override
	protected boolean shouldNotFilterAsyncDispatch() {
		return false;
	}

	@Override
	protected boolean shouldNotFilterErrorDispatch() {
		return false;
	}

	@Override
	protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
			throws ServletException, IOException {
		try (Context.Scope scope = this.liveContexts.enter(workOf(request))) {
			chain.doFilter(request, response);
		}
	}

	private LiveContext workOf(HttpServletRequest request) {
		if (request.getAttribute(WORK) instanceof LiveContext work) {
			return work;
		}
		// Read now: the container reuses the request object.
		String method = request.getMethod();
		String path = request.getRequestURI();
		LiveContext work = this.liveContexts.begin(LiveContext.Kind.REQUEST,
				() -> method + " " + withoutParameters(path), null, new Context());
		request.setAttribute(WORK, work);
		return work;
	}

	// Path parameters, such as a session id, are nobody's business.
	private static String withoutParameters(String path) {
		return path.replaceAll(";[^/]*", "");
	}

}

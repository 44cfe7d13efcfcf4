package io.github.contextvars.spring.web.servlet;

import java.io.IOException;
import java.util.function.Supplier;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.util.WebUtils;

import io.github.contextvars.Context;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Runs each request in a fresh context, around all filters and servlets behind it. An
 * ASYNC or ERROR dispatch of the request enters the same context again, on whichever
 * thread; FORWARD and INCLUDE happen inside it. The context is left on every way out.
 * Callbacks of asynchronous processing run in a copy of it.
 */
public final class ContextFilter extends OncePerRequestFilter {

	private static final String WORK = ContextFilter.class.getName() + ".WORK";

	private final WorkRegistry liveContexts;

	/**
	 * Create a filter.
	 * @param liveContexts what enters the contexts
	 */
	public ContextFilter(WorkRegistry liveContexts) {
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
		UnitOfWork work = workOf(request);
		try (Context.Scope scope = this.liveContexts.enter(work)) {
			chain.doFilter(carrying(request, work), response);
		}
	}

	// An ASYNC dispatch brings back the request that asynchronous processing was started
	// with.
	private HttpServletRequest carrying(HttpServletRequest request, UnitOfWork work) {
		return (WebUtils.getNativeRequest(request, ContextPropagatingRequestWrapper.class) == null)
				? new ContextPropagatingRequestWrapper(request, this.liveContexts, work) : request;
	}

	private UnitOfWork workOf(HttpServletRequest request) {
		if (request.getAttribute(WORK) instanceof UnitOfWork work) {
			return work;
		}
		UnitOfWork work = this.liveContexts.begin(UnitOfWork.Kind.REQUEST, originOf(request), null, new Context());
		request.setAttribute(WORK, work);
		return work;
	}

	static Supplier<String> originOf(HttpServletRequest request) {
		// Read now: the container reuses the request object.
		String method = request.getMethod();
		String path = request.getRequestURI();
		// Path parameters, such as a session id, are nobody's business.
		return () -> method + " " + path.replaceAll(";[^/]*", "");
	}

}

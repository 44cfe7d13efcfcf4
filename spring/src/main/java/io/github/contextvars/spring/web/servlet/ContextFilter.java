package io.github.contextvars.spring.web.servlet;

import java.io.IOException;
import java.util.Optional;
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
 * {@link jakarta.servlet.Filter} that runs each request in a fresh context, around all
 * filters and servlets behind it. An ASYNC or ERROR dispatch of the request enters the
 * same context again, on any thread. FORWARD and INCLUDE dispatches happen inside it.
 * Callbacks of asynchronous processing run in a copy of it.
 *
 * @since 0.1.0
 */
public final class ContextFilter extends OncePerRequestFilter {

	private static final String UNIT_OF_WORK = ContextFilter.class.getName() + ".UNIT_OF_WORK";

	private final WorkRegistry workRegistry;

	/**
	 * Create a filter.
	 * @param workRegistry enters the contexts
	 */
	public ContextFilter(WorkRegistry workRegistry) {
		this.workRegistry = workRegistry;
	}

	/**
	 * Return the unit of work of a request that has passed this filter, for code that
	 * runs outside the filter on behalf of the request. May be called on any thread that
	 * may use the request.
	 * @param request the request
	 * @return the unit of work, if the request has passed the filter
	 */
	public static Optional<UnitOfWork> findUnitOfWork(HttpServletRequest request) {
		return (request.getAttribute(UNIT_OF_WORK) instanceof UnitOfWork unit) ? Optional.of(unit) : Optional.empty();
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
		UnitOfWork unit = unitOfWork(request);
		try (Context.Scope scope = this.workRegistry.enter(unit)) {
			chain.doFilter(propagating(request, unit), response);
		}
	}

	private UnitOfWork unitOfWork(HttpServletRequest request) {
		if (request.getAttribute(UNIT_OF_WORK) instanceof UnitOfWork unit) {
			return unit;
		}
		UnitOfWork unit = this.workRegistry.create(UnitOfWork.Kind.REQUEST, originOf(request));
		request.setAttribute(UNIT_OF_WORK, unit);
		return unit;
	}

	// An ASYNC dispatch brings back the request that asynchronous processing was started
	// with.
	private HttpServletRequest propagating(HttpServletRequest request, UnitOfWork unit) {
		return (WebUtils.getNativeRequest(request, ContextPropagatingRequestWrapper.class) == null)
				? new ContextPropagatingRequestWrapper(request, this.workRegistry, unit) : request;
	}

	static Supplier<String> originOf(HttpServletRequest request) {
		// Read now: the container recycles the request object.
		String method = request.getMethod();
		String path = request.getRequestURI();
		// Path parameters may hold a session id.
		return () -> method + " " + path.replaceAll(";[^/]*", "");
	}

}

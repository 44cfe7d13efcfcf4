package io.github.contextvars.spring.web.servlet;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.Context;
import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.web.ProblemDetails;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link jakarta.servlet.Filter} that runs each request in a fresh context, around all
 * filters and servlets behind it. An ASYNC or ERROR dispatch of the request enters the
 * same context again, on any thread. FORWARD and INCLUDE dispatches happen inside it.
 * Callbacks of asynchronous processing and of non-blocking IO run in a copy of it.
 *
 * @since 0.1.0
 */
public final class ContextFilter extends OncePerRequestFilter {

	/**
	 * Name of the request attribute that holds the address of the TCP peer as a text.
	 * {@link jakarta.servlet.ServletRequest#getRemoteAddr()} may be one that a proxy has
	 * forwarded. Spring Boot's auto-configuration sets it on Tomcat.
	 */
	public static final String PEER_ADDRESS = ContextFilter.class.getName() + ".PEER_ADDRESS";

	private static final String WRAPPER = ContextFilter.class.getName() + ".WRAPPER";

	private static final String FAILURE = ContextFilter.class.getName() + ".FAILURE";

	private static final String FILTERED = ContextFilter.class.getName() + ALREADY_FILTERED_SUFFIX;

	private final WorkRegistry workRegistry;

	private final List<RequestContextInitializer> initializers;

	/**
	 * Create a filter.
	 * @param workRegistry enters the contexts
	 */
	public ContextFilter(WorkRegistry workRegistry) {
		this(workRegistry, List.of());
	}

	/**
	 * Create a filter that lets variables be set before all other filters.
	 * @param workRegistry enters the contexts
	 * @param initializers called in each request's context, in this order
	 */
	public ContextFilter(WorkRegistry workRegistry, List<RequestContextInitializer> initializers) {
		this.workRegistry = workRegistry;
		this.initializers = List.copyOf(initializers);
	}

	/**
	 * Return the unit of work of a request that has passed this filter, for code that
	 * runs outside the filter on behalf of the request. May be called on any thread that
	 * may use the request.
	 * @param request the request
	 * @return the unit of work, if the request has passed the filter
	 */
	public static Optional<UnitOfWork> findUnitOfWork(HttpServletRequest request) {
		return (request.getAttribute(WRAPPER) instanceof ContextPropagatingRequestWrapper wrapper)
				? Optional.of(wrapper.unit()) : Optional.empty();
	}

	/**
	 * Return what the library itself has set in the context of a request.
	 * <p>
	 * Internal: public for the other packages of the library only.
	 * @param request the request
	 * @return its filled values; new ones if it has not passed the filter
	 */
	public static FilledValues filledValues(HttpServletRequest request) {
		return (request.getAttribute(WRAPPER) instanceof ContextPropagatingRequestWrapper wrapper) ? wrapper.filled()
				: new FilledValues();
	}

	/**
	 * Let the calling thread stay in a request's context after the filter has thrown an
	 * exception, until the returned scope is closed. For a container that logs the
	 * exception outside all filters, so that its line shows the logged variables. The
	 * same thread has to close the scope before the request is dispatched again.
	 * @param request the request, before a dispatch
	 * @return a scope around the dispatch
	 */
	public static Context.Scope stayOnFailure(HttpServletRequest request) {
		Failure failure = new Failure();
		request.setAttribute(FAILURE, failure);
		return () -> {
			request.removeAttribute(FAILURE);
			failure.close();
		};
	}

	// One name for all, as a context is entered once. Spring's would be made anew for
	// each
	// request.
	@Override
	protected String getAlreadyFilteredAttributeName() {
		return FILTERED;
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
		boolean begins = request.getAttribute(WRAPPER) == null && request.getDispatcherType() == DispatcherType.REQUEST;
		ContextPropagatingRequestWrapper wrapper = wrapper(request);
		if (request.getDispatcherType() == DispatcherType.ASYNC) {
			wrapper.warnOfReset();
		}
		Object failure = request.getAttribute(FAILURE);
		Context.Scope scope = this.workRegistry.enter(wrapper.unit());
		try {
			if (!begins || initialize(request, response)) {
				chain.doFilter(wrapper.propagating(request), wrapper.propagating(response));
			}
		}
		catch (Throwable ex) {
			if (failure instanceof Failure bracket) {
				scope = bracket.keep(scope);
			}
			throw ex;
		}
		finally {
			scope.close();
			// Where the container does not say that a request has ended whose client is
			// gone.
			if (request.getDispatcherType() != DispatcherType.REQUEST && !request.isAsyncStarted()) {
				this.workRegistry.complete(wrapper.unit());
			}
		}
	}

	private boolean initialize(HttpServletRequest request, HttpServletResponse response) throws IOException {
		try {
			for (RequestContextInitializer initializer : this.initializers) {
				initializer.initialize(request);
			}
			return true;
		}
		catch (RuntimeException ex) {
			answer(ex, response);
			return false;
		}
	}

	/**
	 * Answer a request whose context could not be filled.
	 * @param failure what was thrown
	 * @param response the response
	 * @throws IOException if the response cannot be written
	 * @throws RuntimeException the failure, if it is no fault of the caller
	 */
	static void answer(RuntimeException failure, HttpServletResponse response) throws IOException {
		ProblemDetails problem = ProblemDetails.of(failure);
		if (problem == null || response.isCommitted()) {
			throw failure;
		}
		response.setStatus(problem.status());
		problem.headers().forEach((name, values) -> values.forEach((value) -> response.addHeader(name, value)));
		response.getOutputStream().write(problem.body());
	}

	private ContextPropagatingRequestWrapper wrapper(HttpServletRequest request) {
		if (request.getAttribute(WRAPPER) instanceof ContextPropagatingRequestWrapper wrapper) {
			return wrapper;
		}
		UnitOfWork unit = this.workRegistry.create(UnitOfWork.Kind.REQUEST, originOf(request));
		ContextPropagatingRequestWrapper wrapper = new ContextPropagatingRequestWrapper(request, this.workRegistry,
				unit);
		request.setAttribute(WRAPPER, wrapper);
		return wrapper;
	}

	static Supplier<String> originOf(HttpServletRequest request) {
		// Read now: the container recycles the request object.
		String method = request.getMethod();
		String path = request.getRequestURI();
		// Path parameters may hold a session id.
		return () -> method + " " + ((path.indexOf(';') != -1) ? path.replaceAll(";[^/]*", "") : path);
	}

	/**
	 * Scope of a request that has failed.
	 */
	private static final class Failure {

		private static final Context.Scope KEPT = () -> {
		};

		private Context.@Nullable Scope scope;

		Context.Scope keep(Context.Scope scope) {
			this.scope = scope;
			return KEPT;
		}

		void close() {
			if (this.scope != null) {
				this.scope.close();
			}
		}

	}

}

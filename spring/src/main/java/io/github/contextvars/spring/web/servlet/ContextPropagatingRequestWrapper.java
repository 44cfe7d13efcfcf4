package io.github.contextvars.spring.web.servlet;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.web.util.WebUtils;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * {@link HttpServletRequestWrapper} whose asynchronous callbacks see the request's
 * variables. The container calls them on its own threads, outside all filters: on
 * time-out, on error, on completion, and when data can be read or written. Each runs in a
 * copy of the request's context as it is at that moment.
 */
final class ContextPropagatingRequestWrapper extends HttpServletRequestWrapper {

	private static final Log logger = LogFactory.getLog(ContextFilter.class);

	// Of a filter or interceptor that resets a variable, the first request is enough.
	private static final Set<String> RESET = ConcurrentHashMap.newKeySet();

	private final WorkRegistry workRegistry;

	private final UnitOfWork unit;

	private @Nullable FilledValues filled;

	private @Nullable Context valuesBeforeDispatch;

	private @Nullable ContextPropagatingInputStream input;

	private @Nullable ContextPropagatingResponseWrapper response;

	ContextPropagatingRequestWrapper(HttpServletRequest request, WorkRegistry workRegistry, UnitOfWork unit) {
		super(request);
		this.workRegistry = workRegistry;
		this.unit = unit;
	}

	UnitOfWork unit() {
		return this.unit;
	}

	FilledValues filled() {
		FilledValues present = this.filled;
		if (present == null) {
			present = new FilledValues();
			this.filled = present;
		}
		return present;
	}

	/**
	 * Wrap what comes with a dispatch of this request. An ASYNC dispatch brings back what
	 * asynchronous processing was started with, an ERROR dispatch comes with a new
	 * request.
	 * @param request the dispatch's request
	 * @return a request that propagates, the same one for the same request
	 */
	@SuppressWarnings("ReferenceEquality") // it is this very request
	HttpServletRequest propagating(HttpServletRequest request) {
		if (request == getRequest()) {
			return this;
		}
		if (WebUtils.getNativeRequest(request, ContextPropagatingRequestWrapper.class) != null) {
			return request;
		}
		ContextPropagatingRequestWrapper wrapper = new ContextPropagatingRequestWrapper(request, this.workRegistry,
				this.unit);
		wrapper.response = this.response;
		return wrapper;
	}

	/**
	 * Wrap what comes with a dispatch of this request, like
	 * {@link #propagating(HttpServletRequest)}.
	 * @param response the dispatch's response
	 * @return a response that propagates, the same one for the same response
	 */
	@SuppressWarnings("ReferenceEquality") // it is this very response
	HttpServletResponse propagating(HttpServletResponse response) {
		ContextPropagatingResponseWrapper known = this.response;
		if (known != null && known.getResponse() == response) {
			return known;
		}
		if (WebUtils.getNativeResponse(response, ContextPropagatingResponseWrapper.class) != null) {
			return response;
		}
		this.response = new ContextPropagatingResponseWrapper(response, this);
		return this.response;
	}

	// Asks each time: the container refuses if there is a reader.
	@Override
	public ServletInputStream getInputStream() throws IOException {
		ServletInputStream stream = super.getInputStream();
		if (this.input == null || !this.input.wraps(stream)) {
			this.input = new ContextPropagatingInputStream(stream, this);
		}
		return this.input;
	}

	@Override
	public AsyncContext startAsync() {
		return started(super.startAsync());
	}

	@Override
	public AsyncContext startAsync(ServletRequest request, ServletResponse response) {
		return started(super.startAsync(request, response));
	}

	// The request is listed until the container says that it has ended, or forgets it.
	private AsyncContext started(AsyncContext asyncContext) {
		this.valuesBeforeDispatch = this.unit.context().copy();
		this.workRegistry.saveThreadLocals(this.unit);
		if (this.workRegistry.awaitCompletion(this.unit, this, (request) -> false)) {
			asyncContext.addListener(new CompletionListener());
		}
		return new ContextPropagatingAsyncContext(asyncContext);
	}

	@Override
	public @Nullable AsyncContext getAsyncContext() {
		AsyncContext asyncContext = super.getAsyncContext();
		// MockMvc's requests have none where a container's would throw.
		return (asyncContext != null) ? new ContextPropagatingAsyncContext(asyncContext) : null;
	}

	/**
	 * Warn of variables, once for each, that had a value when asynchronous processing was
	 * started and that were reset since: an asynchronous dispatch does not see them.
	 */
	void warnOfReset() {
		Context before = this.valuesBeforeDispatch;
		this.valuesBeforeDispatch = null;
		if (before == null) {
			return;
		}
		for (ContextVar<?> variable : before.keySet()) {
			if (!this.unit.context().containsKey(variable) && RESET.add(variable.name())) {
				logger.warn(
						"Context variable '%s' was reset before '%s' had ended, and its asynchronous dispatch does not see it."
							.formatted(variable.name(), this.unit.origin())
								+ " Set it and leave it: the context ends with the request.");
			}
		}
	}

	/**
	 * Run a callback in a copy of the request's context.
	 * @param <X> the type of the exception that the callback may throw
	 * @param callback the name of the callback
	 * @param body the callback
	 * @throws X if the callback throws it
	 */
	<X extends Exception> void runInCopy(String callback, Callback<X> body) throws X {
		WorkSnapshot snapshot = this.workRegistry.capture(this.unit, UnitOfWork.Kind.TASK,
				() -> this.unit.origin() + " " + callback);
		snapshot.<Boolean, X>call(() -> {
			body.run();
			return true;
		});
	}

	/**
	 * Callback of the container.
	 *
	 * @param <X> the type of the exception that it may throw
	 */
	@FunctionalInterface
	interface Callback<X extends Exception> {

		void run() throws X;

	}

	private final class ContextPropagatingAsyncContext implements AsyncContext {

		private final AsyncContext delegate;

		private ContextPropagatingAsyncContext(AsyncContext delegate) {
			this.delegate = delegate;
		}

		// The container's own, if asynchronous processing was started without any.
		@Override
		public ServletRequest getRequest() {
			ServletRequest request = this.delegate.getRequest();
			return (request instanceof HttpServletRequest httpRequest) ? propagating(httpRequest) : request;
		}

		@Override
		public ServletResponse getResponse() {
			ServletResponse response = this.delegate.getResponse();
			return (response instanceof HttpServletResponse httpResponse) ? propagating(httpResponse) : response;
		}

		@Override
		public boolean hasOriginalRequestAndResponse() {
			return this.delegate.hasOriginalRequestAndResponse();
		}

		@Override
		public void dispatch() {
			this.delegate.dispatch();
		}

		@Override
		public void dispatch(String path) {
			this.delegate.dispatch(path);
		}

		@Override
		public void dispatch(ServletContext context, String path) {
			this.delegate.dispatch(context, path);
		}

		@Override
		public void complete() {
			this.delegate.complete();
		}

		@Override
		public void start(Runnable task) {
			ContextPropagatingRequestWrapper request = ContextPropagatingRequestWrapper.this;
			this.delegate
				.start(request.workRegistry.capture(UnitOfWork.Kind.TASK, () -> request.unit.origin() + " start")
					.wrap(task));
		}

		@Override
		public void addListener(AsyncListener listener) {
			this.delegate.addListener(new ContextPropagatingAsyncListener(listener, this));
		}

		@Override
		public void addListener(AsyncListener listener, ServletRequest request, ServletResponse response) {
			this.delegate.addListener(new ContextPropagatingAsyncListener(listener, this), request, response);
		}

		@Override
		public <T extends AsyncListener> T createListener(Class<T> type) throws ServletException {
			return this.delegate.createListener(type);
		}

		@Override
		public void setTimeout(long timeout) {
			this.delegate.setTimeout(timeout);
		}

		@Override
		public long getTimeout() {
			return this.delegate.getTimeout();
		}

	}

	private final class ContextPropagatingAsyncListener implements AsyncListener {

		private final AsyncListener delegate;

		private final ContextPropagatingAsyncContext asyncContext;

		private ContextPropagatingAsyncListener(AsyncListener delegate, ContextPropagatingAsyncContext asyncContext) {
			this.delegate = delegate;
			this.asyncContext = asyncContext;
		}

		@Override
		public void onComplete(AsyncEvent event) throws IOException {
			runInCopy("onComplete", () -> this.delegate.onComplete(propagating(event)));
		}

		@Override
		public void onTimeout(AsyncEvent event) throws IOException {
			runInCopy("onTimeout", () -> this.delegate.onTimeout(propagating(event)));
		}

		@Override
		public void onError(AsyncEvent event) throws IOException {
			runInCopy("onError", () -> this.delegate.onError(propagating(event)));
		}

		@Override
		public void onStartAsync(AsyncEvent event) throws IOException {
			runInCopy("onStartAsync", () -> this.delegate.onStartAsync(propagating(event)));
		}

		// A listener that is added from within a listener propagates, too. The event gets
		// all of its parts: what it lacks it would ask of the AsyncContext, which is
		// illegal
		// after a dispatch.
		private AsyncEvent propagating(AsyncEvent event) {
			return new AsyncEvent(this.asyncContext, event.getSuppliedRequest(), event.getSuppliedResponse(),
					event.getThrowable());
		}

	}

	/**
	 * Listener that removes the request from those that wait. It also keeps the request
	 * from being collected for as long as the container waits for it.
	 */
	private final class CompletionListener implements AsyncListener {

		@Override
		public void onComplete(AsyncEvent event) {
			ContextPropagatingRequestWrapper request = ContextPropagatingRequestWrapper.this;
			request.workRegistry.complete(request.unit);
		}

		@Override
		public void onTimeout(AsyncEvent event) {
			// The container completes the request.
		}

		@Override
		public void onError(AsyncEvent event) {
			// The container completes the request.
		}

		@Override
		public void onStartAsync(AsyncEvent event) {
			// The request has added a listener to that, too.
		}

	}

}

package io.github.contextvars.spring.web.servlet;

import java.io.IOException;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * {@link HttpServletRequestWrapper} whose asynchronous callbacks see the request's
 * variables. The container calls them on its own threads, outside all filters: on
 * time-out, on error, on completion. Each runs in a copy of the request's context as it
 * is at that moment.
 */
final class ContextPropagatingRequestWrapper extends HttpServletRequestWrapper {

	private final WorkRegistry workRegistry;

	private final UnitOfWork unit;

	ContextPropagatingRequestWrapper(HttpServletRequest request, WorkRegistry workRegistry, UnitOfWork unit) {
		super(request);
		this.workRegistry = workRegistry;
		this.unit = unit;
	}

	@Override
	public AsyncContext startAsync() {
		return new ContextPropagatingAsyncContext(super.startAsync());
	}

	@Override
	public AsyncContext startAsync(ServletRequest request, ServletResponse response) {
		return new ContextPropagatingAsyncContext(super.startAsync(request, response));
	}

	@Override
	public @Nullable AsyncContext getAsyncContext() {
		AsyncContext asyncContext = super.getAsyncContext();
		// MockMvc's requests have none where a container's would throw.
		return (asyncContext != null) ? new ContextPropagatingAsyncContext(asyncContext) : null;
	}

	private <X extends Exception> void runInCopy(String callback, Callback<X> body) throws X {
		WorkSnapshot snapshot = this.workRegistry.capture(this.unit, UnitOfWork.Kind.TASK,
				() -> this.unit.origin() + " " + callback);
		snapshot.<Boolean, X>call(() -> {
			body.run();
			return true;
		});
	}

	private interface Callback<X extends Exception> {

		void run() throws X;

	}

	private final class ContextPropagatingAsyncContext implements AsyncContext {

		private final AsyncContext delegate;

		private ContextPropagatingAsyncContext(AsyncContext delegate) {
			this.delegate = delegate;
		}

		@Override
		public ServletRequest getRequest() {
			return this.delegate.getRequest();
		}

		@Override
		public ServletResponse getResponse() {
			return this.delegate.getResponse();
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

}

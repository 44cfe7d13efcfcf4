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

import io.github.contextvars.Context;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * A request whose asynchronous callbacks see its variables. The container calls them on
 * threads of its own, outside of all filters: on time-out, on error, on completion. Each
 * runs in a copy of the request's context as it then is.
 */
final class ContextPropagatingRequestWrapper extends HttpServletRequestWrapper {

	private final WorkRegistry liveContexts;

	private final UnitOfWork work;

	ContextPropagatingRequestWrapper(HttpServletRequest request, WorkRegistry liveContexts, UnitOfWork work) {
		super(request);
		this.liveContexts = liveContexts;
		this.work = work;
	}

	@Override
	public AsyncContext startAsync() {
		return new CarryingAsyncContext(super.startAsync());
	}

	@Override
	public AsyncContext startAsync(ServletRequest request, ServletResponse response) {
		return new CarryingAsyncContext(super.startAsync(request, response));
	}

	@Override
	public @Nullable AsyncContext getAsyncContext() {
		AsyncContext asyncContext = super.getAsyncContext();
		// MockMvc's requests have none where a container's would throw.
		return (asyncContext != null) ? new CarryingAsyncContext(asyncContext) : null;
	}

	private <X extends Exception> void runInCopy(String callback, Callback<X> body) throws X {
		UnitOfWork copy = this.liveContexts.begin(UnitOfWork.Kind.TASK, () -> this.work.origin() + " " + callback,
				this.work.id(), this.work.context().copy());
		this.liveContexts.<Boolean, X>call(copy, () -> {
			body.run();
			return true;
		});
	}

	private interface Callback<X extends Exception> {

		void run() throws X;

	}

	private final class CarryingAsyncContext implements AsyncContext {

		private final AsyncContext delegate;

		private CarryingAsyncContext(AsyncContext delegate) {
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
			Context captured = Context.copyOfCurrent();
			WorkRegistry live = ContextPropagatingRequestWrapper.this.liveContexts;
			Long parent = live.currentId();
			this.delegate.start(() -> live.run(live.begin(UnitOfWork.Kind.TASK,
					() -> ContextPropagatingRequestWrapper.this.work.origin() + " start", parent, captured.copy()),
					task));
		}

		@Override
		public void addListener(AsyncListener listener) {
			this.delegate.addListener(new CarryingAsyncListener(listener, this));
		}

		@Override
		public void addListener(AsyncListener listener, ServletRequest request, ServletResponse response) {
			this.delegate.addListener(new CarryingAsyncListener(listener, this), request, response);
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

	private final class CarryingAsyncListener implements AsyncListener {

		private final AsyncListener delegate;

		private final CarryingAsyncContext asyncContext;

		private CarryingAsyncListener(AsyncListener delegate, CarryingAsyncContext asyncContext) {
			this.delegate = delegate;
			this.asyncContext = asyncContext;
		}

		@Override
		public void onComplete(AsyncEvent event) throws IOException {
			runInCopy("onComplete", () -> this.delegate.onComplete(ours(event)));
		}

		@Override
		public void onTimeout(AsyncEvent event) throws IOException {
			runInCopy("onTimeout", () -> this.delegate.onTimeout(ours(event)));
		}

		@Override
		public void onError(AsyncEvent event) throws IOException {
			runInCopy("onError", () -> this.delegate.onError(ours(event)));
		}

		@Override
		public void onStartAsync(AsyncEvent event) throws IOException {
			runInCopy("onStartAsync", () -> this.delegate.onStartAsync(ours(event)));
		}

		// Whoever adds a listener from within a listener gets the same treatment. The
		// event
		// gets all of its parts: what it lacks it would ask of the context, which answers
		// no more once the request was dispatched.
		private AsyncEvent ours(AsyncEvent event) {
			return new AsyncEvent(this.asyncContext, event.getSuppliedRequest(), event.getSuppliedResponse(),
					event.getThrowable());
		}

	}

}

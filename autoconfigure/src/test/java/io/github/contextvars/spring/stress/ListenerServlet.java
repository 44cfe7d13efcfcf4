package io.github.contextvars.spring.stress;

import java.io.IOException;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

/**
 * Asynchronous processing by hand, with listeners, some of which fail.
 */
class ListenerServlet extends HttpServlet {

	private static final long serialVersionUID = 1L;

	@Override
	protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
		RequestScenario scenario = (RequestScenario) request.getAttribute("scenario");
		if (request.getDispatcherType() == DispatcherType.ASYNC) {
			response.getWriter().print(ViolationLog.ID.get());
			return;
		}
		RequestKind kind = RequestKind.valueOf(request.getRequestURI().substring(1));
		scenario.advance();
		AsyncContext async = request.startAsync();
		async.addListener(new Listener(scenario, kind));
		if (kind == RequestKind.TIMES_OUT_LISTENER) {
			async.setTimeout(1);
			return;
		}
		Runnable work = scenario.work("AsyncContext.start");
		async.start(() -> {
			work.run();
			async.dispatch();
		});
	}

	private record Listener(RequestScenario scenario, RequestKind kind) implements AsyncListener {

		@Override
		public void onComplete(AsyncEvent event) {
			this.scenario.work("onComplete").run();
			if (this.kind == RequestKind.THROWS_IN_LISTENER) {
				throw new IllegalStateException("planned");
			}
		}

		@Override
		public void onTimeout(AsyncEvent event) throws IOException {
			this.scenario.work("onTimeout").run();
			if (this.scenario.number() % 2 == 0) {
				throw new IOException("planned");
			}
			event.getAsyncContext().complete();
		}

		@Override
		public void onError(AsyncEvent event) {
			this.scenario.work("onError").run();
		}

		@Override
		public void onStartAsync(AsyncEvent event) {
			this.scenario.work("onStartAsync").run();
		}

	}

}

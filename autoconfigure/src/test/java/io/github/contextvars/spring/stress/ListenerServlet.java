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
		RequestScenario errand = (RequestScenario) request.getAttribute("errand");
		if (request.getDispatcherType() == DispatcherType.ASYNC) {
			response.getWriter().print(ViolationLog.ID.get());
			return;
		}
		ViolationKind kind = ViolationKind.valueOf(request.getRequestURI().substring(1));
		errand.advance();
		AsyncContext async = request.startAsync();
		async.addListener(new Listener(errand, kind));
		if (kind == ViolationKind.TIMES_OUT_LISTENER) {
			async.setTimeout(1);
			return;
		}
		Runnable work = errand.work("AsyncContext.start");
		async.start(() -> {
			work.run();
			async.dispatch();
		});
	}

	private record Listener(RequestScenario errand, ViolationKind kind) implements AsyncListener {

		@Override
		public void onComplete(AsyncEvent event) {
			this.errand.work("onComplete").run();
			if (this.kind == ViolationKind.THROWS_IN_LISTENER) {
				throw new IllegalStateException("planned");
			}
		}

		@Override
		public void onTimeout(AsyncEvent event) throws IOException {
			this.errand.work("onTimeout").run();
			if (this.errand.number() % 2 == 0) {
				throw new IOException("planned");
			}
			event.getAsyncContext().complete();
		}

		@Override
		public void onError(AsyncEvent event) {
			this.errand.work("onError").run();
		}

		@Override
		public void onStartAsync(AsyncEvent event) {
			this.errand.work("onStartAsync").run();
		}

	}

}

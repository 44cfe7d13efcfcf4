package io.github.contextvars.spring.web.servlet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletResponseWrapper;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockAsyncContext;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.mock.web.MockServletContext;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a container's asynchronous context does, it does behind ours as well.
 */
class ContextPropagatingRequestWrapperTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private final WorkRegistry live = WorkRegistry.tracking();

	private final MockHttpServletRequest request = new MockHttpServletRequest("GET", "/notes;id=1");

	private final MockHttpServletResponse response = new MockHttpServletResponse();

	private final Context context = new Context();

	private HttpServletRequest wrapper = this.request;

	private AsyncContext ours = new MockAsyncContext(this.request, this.response);

	private MockAsyncContext containers = new MockAsyncContext(this.request, this.response);

	@BeforeEach
	void startAsync() {
		this.request.setAsyncSupported(true);
		this.context.run(() -> TENANT.set("acme"));
		UnitOfWork work = this.live.create(UnitOfWork.Kind.REQUEST, ContextFilter.originOf(this.request), null,
				this.context);
		this.wrapper = new ContextPropagatingRequestWrapper(this.request, this.live, work);
		this.ours = this.wrapper.startAsync(this.request, this.response);
		if (this.request.getAsyncContext() instanceof MockAsyncContext mock) {
			this.containers = mock;
		}
	}

	@Test
	void requestAndResponseAreThoseItWasStartedWithAndPropagate() {
		assertThat(this.ours.getRequest()).isSameAs(this.wrapper);
		assertThat(this.ours.getResponse()).isInstanceOf(ContextPropagatingResponseWrapper.class)
			.isSameAs(this.ours.getResponse())
			.extracting((response) -> ((ServletResponseWrapper) response).getResponse())
			.isSameAs(this.response);

		HttpServletRequest users = new HttpServletRequestWrapper(this.wrapper);
		HttpServletResponse usersResponse = new HttpServletResponseWrapper(
				(HttpServletResponse) this.ours.getResponse());
		AsyncContext again = this.wrapper.startAsync(users, usersResponse);
		assertThat(again.getRequest()).isSameAs(users);
		assertThat(again.getResponse()).isSameAs(usersResponse);
	}

	@Test
	void startAsyncWithoutArgumentsPropagatesToo() {
		Recorder recorder = new Recorder(this.live);

		AsyncContext again = this.wrapper.startAsync();
		again.addListener(recorder);
		again.complete();

		assertThat(recorder.seen).containsExactly("onComplete acme 'GET /notes onComplete'");
	}

	@Test
	void requestIsListedUntilTheContainerHasCompletedIt() {
		assertThat(this.live.list()).extracting(UnitOfWork::origin).containsExactly("GET /notes");

		this.ours.complete();

		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void hasOriginalRequestAndResponseWhenOneIsWrappedIsFalse() {
		assertThat(this.ours.hasOriginalRequestAndResponse()).isTrue();

		this.ours = this.request.startAsync(new HttpServletRequestWrapper(this.request), this.response);

		AsyncContext again = new ContextPropagatingRequestWrapper(this.request, this.live,
				this.live.create(UnitOfWork.Kind.REQUEST, () -> "again", null, new Context()))
			.getAsyncContext();
		assertThat(again).isNotNull();
		assertThat(again.hasOriginalRequestAndResponse()).isFalse();
	}

	@Test
	void dispatchReachesTheContainer() {
		this.ours.dispatch();
		assertThat(this.containers.getDispatchedPath()).isEqualTo("/notes;id=1");

		this.ours.dispatch("/there");
		assertThat(this.containers.getDispatchedPath()).isEqualTo("/there");

		this.ours.dispatch(new MockServletContext(), "/elsewhere");
		assertThat(this.containers.getDispatchedPath()).isEqualTo("/elsewhere");
	}

	@Test
	void timeoutIsTheContainers() {
		this.ours.setTimeout(1234);

		assertThat(this.ours.getTimeout()).isEqualTo(1234);
		assertThat(this.containers.getTimeout()).isEqualTo(1234);
	}

	@Test
	void createListenerMakesOne() throws ServletException {
		assertThat(this.ours.createListener(Recorder.class)).isInstanceOf(Recorder.class);
	}

	@Test
	void completeCallsListenersInACopyOfTheRequestsContext() {
		Recorder recorder = new Recorder(this.live);
		this.ours.addListener(recorder);

		this.ours.complete();

		assertThat(recorder.seen).containsExactly("onComplete acme 'GET /notes onComplete'");
		assertThat(this.context.get(TENANT)).isEqualTo("acme");
	}

	@Test
	void listenersSeeTheRequestsValuesAtEachEvent() throws IOException {
		Recorder recorder = new Recorder(this.live);
		this.ours.addListener(recorder, this.request, this.response);
		AsyncListener registered = this.containers.getListeners().get(1); // after that of
																			// the
																			// registry
		AsyncEvent event = new AsyncEvent(this.containers, this.request, this.response);

		registered.onStartAsync(event);
		registered.onTimeout(event);
		registered.onError(event);

		assertThat(recorder.seen).containsExactly("onStartAsync acme 'GET /notes onStartAsync'",
				"onTimeout acme 'GET /notes onTimeout'", "onError acme 'GET /notes onError'");
		assertThat(recorder.contexts).containsOnly(this.ours);
	}

	@Test
	void startRunsTheTaskInACopyOfItsStartersContext() {
		List<String> seen = new ArrayList<>();

		this.context.run(() -> this.ours.start(() -> {
			seen.add(TENANT.get());
			seen.add(originOfCurrent(this.live));
			TENANT.set("changed");
		}));

		assertThat(seen).containsExactly("acme", "GET /notes start");
		assertThat(this.context.get(TENANT)).isEqualTo("acme");
	}

	private static String originOfCurrent(WorkRegistry live) {
		UnitOfWork current = live.current();
		return (current != null) ? current.origin() : "no context";
	}

	static final class Recorder implements AsyncListener {

		private final WorkRegistry live;

		private final List<String> seen = new ArrayList<>();

		private final List<AsyncContext> contexts = new ArrayList<>();

		Recorder() {
			this(WorkRegistry.nonTracking());
		}

		Recorder(WorkRegistry live) {
			this.live = live;
		}

		@Override
		public void onComplete(AsyncEvent event) {
			record("onComplete", event);
		}

		@Override
		public void onTimeout(AsyncEvent event) {
			record("onTimeout", event);
		}

		@Override
		public void onError(AsyncEvent event) {
			record("onError", event);
		}

		@Override
		public void onStartAsync(AsyncEvent event) {
			record("onStartAsync", event);
		}

		private void record(String callback, AsyncEvent event) {
			this.seen.add(callback + " " + TENANT.get() + " '" + originOfCurrent(this.live) + "'");
			this.contexts.add(event.getAsyncContext());
			TENANT.set("changed");
		}

	}

}

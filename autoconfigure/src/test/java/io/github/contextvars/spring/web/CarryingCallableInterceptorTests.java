package io.github.contextvars.spring.web;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.concurrent.Callable;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.ServletWebRequest;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.live.LiveContexts;
import io.github.contextvars.spring.testing.ThreadSentinel;

import static org.assertj.core.api.Assertions.assertThat;

class CarryingCallableInterceptorTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private final CarryingCallableInterceptor interceptor = new CarryingCallableInterceptor(LiveContexts.untracked());

	private final Callable<String> task = TENANT::get;

	@Test
	void preProcessWhenGarbageWasCollectedMeanwhileEntersCapturedValues() {
		NativeWebRequest request = new ServletWebRequest(new MockHttpServletRequest());
		capture(request);
		WeakReference<Object> other = new WeakReference<>(new Object());
		awaitCollection(other);

		this.interceptor.preProcess(request, this.task);
		String seen = TENANT.get();
		this.interceptor.postProcess(request, this.task, seen);

		assertThat(seen).isEqualTo("acme");
		assertThat(ThreadSentinel.isInContext()).isFalse();
	}

	@Test
	void requestWhoseTaskNeverBeginsIsNotKept() {
		WeakReference<NativeWebRequest> request = new WeakReference<>(
				new ServletWebRequest(new MockHttpServletRequest()));
		capture(request.get());

		awaitCollection(request);

		Reference.reachabilityFence(this.interceptor);
	}

	private void capture(NativeWebRequest request) {
		new Context().run(() -> {
			TENANT.set("acme");
			this.interceptor.beforeConcurrentHandling(request, this.task);
		});
	}

	private static void awaitCollection(WeakReference<?> reference) {
		Awaitility.await().until(() -> {
			System.gc();
			return reference.refersTo(null);
		});
	}

}

package io.github.contextvars.spring.web;

import java.util.concurrent.Callable;

import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.ServletWebRequest;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.live.LiveContext;
import io.github.contextvars.spring.live.LiveContexts;
import io.github.contextvars.spring.testing.ThreadSentinel;

import static org.assertj.core.api.Assertions.assertThat;

class CarryingCallableInterceptorTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private final LiveContexts live = LiveContexts.tracked();

	private final CarryingCallableInterceptor interceptor = new CarryingCallableInterceptor(this.live);

	@Test
	void taskIsListedAsItsRequest() {
		NativeWebRequest request = submit("/notes", "acme");

		Callable<Context> task = Context::new;
		this.interceptor.preProcess(request, task);

		assertThat(this.live.list()).extracting(LiveContext::origin).containsExactly("GET /notes");
		this.interceptor.postProcess(request, task, null);
	}

	@Test
	void taskThatRunsInsideOfAnotherLeavesTheOuterOneItsContext() {
		Callable<String> outer = () -> "outer";
		Callable<String> inner = () -> "inner";
		NativeWebRequest first = submit("/first", "acme");
		NativeWebRequest second = submit("/second", "globex");

		this.interceptor.preProcess(first, outer);
		this.interceptor.preProcess(second, inner);
		assertThat(TENANT.get()).isEqualTo("globex");
		this.interceptor.postProcess(second, inner, null);
		assertThat(TENANT.get()).isEqualTo("acme");
		this.interceptor.postProcess(second, inner, null);
		assertThat(TENANT.get()).isEqualTo("acme");
		this.interceptor.postProcess(first, outer, null);

		assertThat(ThreadSentinel.isInContext()).isFalse();
		assertThat(this.live.list()).isEmpty();
	}

	private NativeWebRequest submit(String path, String tenant) {
		NativeWebRequest request = new ServletWebRequest(new MockHttpServletRequest("GET", path));
		new Context().run(() -> {
			TENANT.set(tenant);
			this.interceptor.beforeConcurrentHandling(request, Context::new);
		});
		return request;
	}

}

package io.github.contextvars.spring.web.servlet;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.concurrent.Callable;

import jakarta.servlet.http.HttpServletRequest;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.async.StandardServletAsyncWebRequest;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

class ContextCallableProcessingInterceptorTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private static final ContextVar<NativeWebRequest> REQUEST = ContextVar.of("request");

	private final WorkRegistry live = WorkRegistry.tracking();

	private final ContextCallableProcessingInterceptor interceptor = new ContextCallableProcessingInterceptor(
			this.live);

	private final Callable<String> task = TENANT::get;

	@Test
	void preProcessWhenGarbageWasCollectedMeanwhileEntersCapturedValues() {
		NativeWebRequest request = asyncRequest(new MockHttpServletRequest());
		capture(request);
		WeakReference<Object> other = new WeakReference<>(new Object());
		awaitCollection(other);

		this.interceptor.preProcess(request, this.task);
		String seen = TENANT.get();
		this.interceptor.postProcess(request, this.task, seen);

		assertThat(seen).isEqualTo("acme");
		assertThat(Context.depth()).isZero();
	}

	@Test
	void requestWhoseTaskNeverBeginsIsNotKept() {
		WeakReference<NativeWebRequest> request = new WeakReference<>(asyncRequest(new MockHttpServletRequest()));
		capture(request.get());

		awaitCollection(request);

		Reference.reachabilityFence(this.interceptor);
	}

	@Test
	void requestWhoseTaskNeverBeginsIsNotKeptByAValueThatRefersToIt() {
		WeakReference<NativeWebRequest> request = new WeakReference<>(asyncRequest(new MockHttpServletRequest()));
		new Context().run(() -> {
			REQUEST.set(request.get());
			this.interceptor.beforeConcurrentHandling(request.get(), this.task);
		});

		awaitCollection(request);

		Reference.reachabilityFence(this.interceptor);
	}

	@Test
	void taskIsListedAsItsRequest() {
		NativeWebRequest request = submit("/notes", "acme");

		Callable<Context> task = Context::new;
		this.interceptor.preProcess(request, task);

		assertThat(this.live.list()).extracting(UnitOfWork::origin).containsExactly("GET /notes");
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

		assertThat(Context.depth()).isZero();
		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void taskOfRequestThatWasNotCapturedRunsAsItIs() {
		NativeWebRequest request = asyncRequest(new MockHttpServletRequest());

		this.interceptor.preProcess(request, this.task);
		assertThat(Context.depth()).isZero();
		this.interceptor.postProcess(request, this.task, null);

		assertThat(Context.depth()).isZero();
	}

	private NativeWebRequest submit(String path, String tenant) {
		NativeWebRequest request = asyncRequest(new MockHttpServletRequest("GET", path));
		new Context().run(() -> {
			TENANT.set(tenant);
			this.interceptor.beforeConcurrentHandling(request, Context::new);
		});
		return request;
	}

	private void capture(NativeWebRequest request) {
		new Context().run(() -> {
			TENANT.set("acme");
			this.interceptor.beforeConcurrentHandling(request, this.task);
		});
	}

	private static NativeWebRequest asyncRequest(HttpServletRequest request) {
		return new StandardServletAsyncWebRequest(request, new MockHttpServletResponse());
	}

	private static void awaitCollection(WeakReference<?> reference) {
		Awaitility.await().until(() -> {
			System.gc();
			return reference.refersTo(null);
		});
	}

}

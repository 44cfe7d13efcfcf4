package io.github.contextvars.spring.web.servlet;

import java.util.ArrayList;
import java.util.List;

import jakarta.servlet.http.HttpServletRequest;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.test.util.ReflectionTestUtils;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.ServletWebRequest;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.request.async.DeferredResultProcessingInterceptor;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

class DeferredResultInterceptorBeanPostProcessorTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private final WorkRegistry registry = WorkRegistry.tracking();

	private final Context context = new Context();

	private final MockHttpServletRequest request = new MockHttpServletRequest("GET", "/notes");

	private final DeferredResult<String> result = new DeferredResult<>();

	private final Recorder recorder = new Recorder();

	@Test
	void postProcessIsCalledInACopyOfTheRequestsContext() throws Exception {
		this.context.run(() -> TENANT.set("acme"));
		UnitOfWork unit = this.registry.create(UnitOfWork.Kind.REQUEST, ContextFilter.originOf(this.request), null,
				this.context);

		interceptor().postProcess(webRequest(new ContextPropagatingRequestWrapper(this.request, this.registry, unit)),
				this.result, "r");

		assertThat(this.recorder.calls).containsExactly("postProcess r acme");
		assertThat(this.context.get(TENANT)).isEqualTo("acme");
	}

	@Test
	void postProcessOfARequestThatHasNotPassedTheFilterIsCalledAsItIs() throws Exception {
		interceptor().postProcess(webRequest(this.request), this.result, "r");

		assertThat(this.recorder.calls).containsExactly("postProcess r none");
	}

	@Test
	void otherCallbacksAreTheInterceptors() throws Exception {
		DeferredResultProcessingInterceptor interceptor = interceptor();
		NativeWebRequest webRequest = webRequest(this.request);

		interceptor.beforeConcurrentHandling(webRequest, this.result);
		interceptor.preProcess(webRequest, this.result);
		interceptor.afterCompletion(webRequest, this.result);
		for (boolean answer : new boolean[] { true, false }) {
			this.recorder.answer = answer;
			assertThat(interceptor.handleTimeout(webRequest, this.result)).isEqualTo(answer);
			assertThat(interceptor.handleError(webRequest, this.result, new Error("planned"))).isEqualTo(answer);
		}

		assertThat(this.recorder.calls).containsExactly("beforeConcurrentHandling", "preProcess", "afterCompletion",
				"handleTimeout", "handleError planned", "handleTimeout", "handleError planned");
	}

	@Test
	void otherBeansStayAsTheyAre() {
		Object bean = new Object();
		assertThat(new DeferredResultInterceptorBeanPostProcessor().postProcessAfterInitialization(bean, "bean"))
			.isSameAs(bean);
	}

	private static NativeWebRequest webRequest(HttpServletRequest request) {
		return new ServletWebRequest(request);
	}

	private DeferredResultProcessingInterceptor interceptor() {
		RequestMappingHandlerAdapter adapter = new RequestMappingHandlerAdapter();
		adapter.setDeferredResultInterceptors(List.of(this.recorder));
		assertThat(new DeferredResultInterceptorBeanPostProcessor().postProcessAfterInitialization(adapter, "adapter"))
			.isSameAs(adapter);
		DeferredResultProcessingInterceptor[] interceptors = (DeferredResultProcessingInterceptor[]) ReflectionTestUtils
			.getField(adapter, "deferredResultInterceptors");
		assertThat(interceptors).hasSize(1);
		return interceptors[0];
	}

	private static final class Recorder implements DeferredResultProcessingInterceptor {

		private final List<String> calls = new ArrayList<>();

		private boolean answer;

		@Override
		public <T> void beforeConcurrentHandling(NativeWebRequest request, DeferredResult<T> result) {
			this.calls.add("beforeConcurrentHandling");
		}

		@Override
		public <T> void preProcess(NativeWebRequest request, DeferredResult<T> result) {
			this.calls.add("preProcess");
		}

		@Override
		public <T> void postProcess(NativeWebRequest request, DeferredResult<T> result, Object concurrentResult) {
			this.calls.add("postProcess " + concurrentResult + " " + TENANT.get());
		}

		@Override
		public <T> boolean handleTimeout(NativeWebRequest request, DeferredResult<T> result) {
			this.calls.add("handleTimeout");
			return this.answer;
		}

		@Override
		public <T> boolean handleError(NativeWebRequest request, DeferredResult<T> result, Throwable ex) {
			this.calls.add("handleError " + ex.getMessage());
			return this.answer;
		}

		@Override
		public <T> void afterCompletion(NativeWebRequest request, DeferredResult<T> result) {
			this.calls.add("afterCompletion");
		}

	}

}

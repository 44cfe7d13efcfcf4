package io.github.contextvars.spring.web;

import java.util.concurrent.Callable;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.async.CallableProcessingInterceptor;

import io.github.contextvars.Context;
import io.github.contextvars.spring.live.LiveContexts;

/**
 * Carries the request's values into what Spring MVC runs on another thread: a
 * {@code Callable}, a {@code WebAsyncTask} or a {@code StreamingResponseBody}. Works for
 * whichever executor it runs on, also one that is no bean.
 */
public final class CarryingCallableInterceptor implements CallableProcessingInterceptor {

	private static final String CAPTURED = CarryingCallableInterceptor.class.getName() + ".CAPTURED";

	private static final String SCOPE = CarryingCallableInterceptor.class.getName() + ".SCOPE";

	private final LiveContexts liveContexts;

	/**
	 * Create an interceptor.
	 * @param liveContexts what enters the contexts
	 */
	public CarryingCallableInterceptor(LiveContexts liveContexts) {
		this.liveContexts = liveContexts;
	}

	@Override
	public <T> void beforeConcurrentHandling(NativeWebRequest request, Callable<T> task) {
		request.setAttribute(CAPTURED, new Captured(Context.copyOfCurrent(), this.liveContexts.currentId()),
				RequestAttributes.SCOPE_REQUEST);
	}

	@Override
	public <T> void preProcess(NativeWebRequest request, Callable<T> task) {
		if (request.getAttribute(CAPTURED, RequestAttributes.SCOPE_REQUEST) instanceof Captured captured) {
			String origin = originOf(request);
			request.setAttribute(SCOPE,
					this.liveContexts.enterTask(() -> origin, captured.parent(), captured.values().copy()),
					RequestAttributes.SCOPE_REQUEST);
		}
	}

	@Override
	public <T> void postProcess(NativeWebRequest request, Callable<T> task, @Nullable Object result) {
		if (request.getAttribute(SCOPE, RequestAttributes.SCOPE_REQUEST) instanceof Context.Scope scope) {
			request.removeAttribute(SCOPE, RequestAttributes.SCOPE_REQUEST);
			scope.close();
		}
	}

	private static String originOf(NativeWebRequest request) {
		HttpServletRequest servletRequest = request.getNativeRequest(HttpServletRequest.class);
		return (servletRequest != null) ? ContextFilter.originOf(servletRequest).get() : request.getDescription(false);
	}

	private record Captured(Context values, @Nullable Long parent) {

	}

}

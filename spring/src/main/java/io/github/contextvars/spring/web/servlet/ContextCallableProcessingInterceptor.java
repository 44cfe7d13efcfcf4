package io.github.contextvars.spring.web.servlet;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.async.CallableProcessingInterceptor;

import io.github.contextvars.Context;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Carries the request's values into what Spring MVC runs on another thread: a
 * {@code Callable}, a {@code WebAsyncTask} or a {@code StreamingResponseBody}. Works for
 * whichever executor it runs on, also one that is no bean.
 */
public final class ContextCallableProcessingInterceptor implements CallableProcessingInterceptor {

	// Of the thread, not of the request: a task may outlive its request.
	private static final ThreadLocal<@Nullable Entered> ENTERED = new ThreadLocal<>();

	// By Spring's own object for the request, weakly: the container reuses the request
	// itself once it has timed out, while the task may still have to begin. (Spring's
	// ConcurrentReferenceHashMap won't do: its entries are garbage while their keys are
	// not.)
	private final Map<NativeWebRequest, Captured> captured = Collections.synchronizedMap(new WeakHashMap<>());

	private final WorkRegistry liveContexts;

	/**
	 * Create an interceptor.
	 * @param liveContexts what enters the contexts
	 */
	public ContextCallableProcessingInterceptor(WorkRegistry liveContexts) {
		this.liveContexts = liveContexts;
	}

	@Override
	public <T> void beforeConcurrentHandling(NativeWebRequest request, Callable<T> task) {
		HttpServletRequest servletRequest = request.getNativeRequest(HttpServletRequest.class);
		Supplier<String> origin = (servletRequest != null) ? ContextFilter.originOf(servletRequest)
				: () -> request.getClass().getName();
		this.captured.put(request, new Captured(Context.copyOfCurrent(), this.liveContexts.currentId(), origin));
	}

	@Override
	public <T> void preProcess(NativeWebRequest request, Callable<T> task) {
		Captured values = this.captured.get(request);
		if (values != null) {
			Context.Scope scope = this.liveContexts.enterTask(values.origin(), values.parent(),
					values.context().copy());
			ENTERED.set(new Entered(task, scope, ENTERED.get()));
		}
	}

	@Override
	public <T> void postProcess(NativeWebRequest request, Callable<T> task, @Nullable Object result) {
		this.captured.remove(request);
		Entered entered = ENTERED.get();
		if (entered == null || entered.task() != task) {
			return;
		}
		if (entered.outer() != null) {
			ENTERED.set(entered.outer());
		}
		else {
			ENTERED.remove();
		}
		entered.scope().close();
	}

	private record Captured(Context context, @Nullable Long parent, Supplier<String> origin) {

	}

	private record Entered(Callable<?> task, Context.Scope scope, @Nullable Entered outer) {

	}

}

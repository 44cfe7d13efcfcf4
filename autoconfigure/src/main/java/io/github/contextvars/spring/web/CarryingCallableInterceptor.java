package io.github.contextvars.spring.web;

import java.util.concurrent.Callable;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.async.CallableProcessingInterceptor;

import io.github.contextvars.Context;
import io.github.contextvars.spring.live.LiveContext;
import io.github.contextvars.spring.live.LiveContexts;

/**
 * Carries the request's values into what Spring MVC runs on another thread: a
 * {@code Callable}, a {@code WebAsyncTask} or a {@code StreamingResponseBody}. Works for
 * whichever executor it runs on, also one that is no bean.
 */
public final class CarryingCallableInterceptor implements CallableProcessingInterceptor {

	private static final String CAPTURED = CarryingCallableInterceptor.class.getName() + ".CAPTURED";

	// Not in the request: a task that timed out ends when the request is long gone.
	private static final ThreadLocal<@Nullable Entered> ENTERED = new ThreadLocal<>();

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
			Entered outer = ENTERED.get();
			ENTERED.set(new Entered(task, enter(captured, originOf(request)), outer));
		}
	}

	@Override
	public <T> void postProcess(NativeWebRequest request, Callable<T> task, @Nullable Object result) {
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

	private Context.Scope enter(Captured captured, String origin) {
		Context context = captured.values().copy();
		LiveContext current = this.liveContexts.current();
		if (current != null && current.kind() == LiveContext.Kind.TASK) {
			// The executor carries as well, and has the task on the list.
			current.nameOrigin(() -> origin);
			return context.enter();
		}
		return this.liveContexts
			.enter(this.liveContexts.begin(LiveContext.Kind.TASK, () -> origin, captured.parent(), context));
	}

	private static String originOf(NativeWebRequest request) {
		HttpServletRequest servletRequest = request.getNativeRequest(HttpServletRequest.class);
		return (servletRequest != null) ? ContextFilter.originOf(servletRequest).get() : request.getDescription(false);
	}

	private record Captured(Context values, @Nullable Long parent) {

	}

	private record Entered(Callable<?> task, Context.Scope scope, @Nullable Entered outer) {

	}

}

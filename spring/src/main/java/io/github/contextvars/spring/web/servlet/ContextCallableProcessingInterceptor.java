package io.github.contextvars.spring.web.servlet;

import java.lang.ref.WeakReference;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.async.AsyncWebRequest;
import org.springframework.web.context.request.async.CallableProcessingInterceptor;

import io.github.contextvars.Context;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * {@link CallableProcessingInterceptor} that propagates the request's values to what
 * Spring MVC runs on another thread: a {@code Callable}, a {@code WebAsyncTask} or a
 * {@code StreamingResponseBody}. Works with any executor, also with one that is no bean.
 */
final class ContextCallableProcessingInterceptor implements CallableProcessingInterceptor {

	// Of the thread, not of the request: a task may outlive its request.
	private static final ThreadLocal<@Nullable Entered> ENTERED = new ThreadLocal<>();

	// By Spring's own object for the request: the container reuses the request itself
	// once it has timed out, while the task may still have to begin. That object keeps
	// the snapshot. If the map did, it would keep what the values refer to, the request
	// among them.
	private final Map<NativeWebRequest, WeakReference<WorkSnapshot>> snapshots = Collections
		.synchronizedMap(new WeakHashMap<>());

	private final WorkRegistry workRegistry;

	/**
	 * Create an interceptor.
	 * @param workRegistry captures the contexts
	 */
	ContextCallableProcessingInterceptor(WorkRegistry workRegistry) {
		this.workRegistry = workRegistry;
	}

	@Override
	public <T> void beforeConcurrentHandling(NativeWebRequest request, Callable<T> task) {
		HttpServletRequest servletRequest = request.getNativeRequest(HttpServletRequest.class);
		Supplier<String> origin = (servletRequest != null) ? ContextFilter.originOf(servletRequest)
				: () -> request.getClass().getName();
		WorkSnapshot snapshot = this.workRegistry.capture(UnitOfWork.Kind.TASK, origin);
		if (request instanceof AsyncWebRequest asyncRequest) {
			asyncRequest.addCompletionHandler(new Captured(snapshot));
			this.snapshots.put(request, new WeakReference<>(snapshot));
		}
	}

	@Override
	public <T> void preProcess(NativeWebRequest request, Callable<T> task) {
		WeakReference<WorkSnapshot> captured = this.snapshots.get(request);
		WorkSnapshot snapshot = (captured != null) ? captured.get() : null;
		Context.Scope scope = (snapshot != null) ? snapshot.openIfNecessary() : null;
		if (scope != null) {
			ENTERED.set(new Entered(task, scope, ENTERED.get()));
		}
	}

	@Override
	public <T> void postProcess(NativeWebRequest request, Callable<T> task, @Nullable Object result) {
		this.snapshots.remove(request);
		Entered entered = ENTERED.get();
		if (entered == null) {
			ENTERED.remove(); // get() has left an entry
			return;
		}
		if (entered.task() != task) {
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

	/**
	 * Handler that does nothing but refer to the snapshot, on behalf of the request.
	 */
	private record Captured(WorkSnapshot snapshot) implements Runnable {

		@Override
		public void run() {
			// The request has completed.
		}

	}

	private record Entered(Callable<?> task, Context.Scope scope, @Nullable Entered outer) {

	}

}

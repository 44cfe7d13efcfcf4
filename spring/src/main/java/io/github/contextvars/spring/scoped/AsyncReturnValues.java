package io.github.contextvars.spring.scoped;

import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;
import org.springframework.util.ClassUtils;
import org.springframework.web.context.request.async.DeferredResult;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;

import io.github.contextvars.Context;
import io.github.contextvars.spring.threadlocal.ContextThreadLocalAccessor;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * What a scoped method returns before its work is done: the scope holds until it is.
 * <p>
 * A {@code Callable} runs in the scope's values, and so do the operators of a
 * {@code Mono} or a {@code Flux}, through Reactor's own propagation. A
 * {@code CompletionStage} and a {@code DeferredResult} run nothing themselves: what
 * completes them was handed over inside the scope, with a copy of it. All stay on the
 * list of running contexts.
 */
final class AsyncReturnValues {

	private static final ClassLoader LOADER = AsyncReturnValues.class.getClassLoader();

	private static final String FLUX = "reactor.core.publisher.Flux";

	private static final String ACCESSOR = "io.micrometer.context.ThreadLocalAccessor";

	private static final String DEFERRED_RESULT = "org.springframework.web.context.request.async.DeferredResult";

	static final Set<String> OPTIONAL = Set.of(FLUX, ACCESSOR, DEFERRED_RESULT);

	private static final boolean REACTOR = ClassUtils.isPresent(FLUX, LOADER) && ClassUtils.isPresent(ACCESSOR, LOADER);

	private static final boolean WEB = ClassUtils.isPresent(DEFERRED_RESULT, LOADER);

	// By name, as none of these has to be there.
	private static final Set<String> REFUSED = Set.of("org.reactivestreams.Publisher",
			"org.springframework.web.context.request.async.WebAsyncTask",
			"org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter",
			"org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody");

	private AsyncReturnValues() {
	}

	/**
	 * Say why the scope of a method could not hold until what it returns is done.
	 * @param type what the method returns
	 * @param async whether Spring unwraps it on the worker, as it does for {@code @Async}
	 * @return the reason, or {@code null} if the scope can hold
	 */
	static @Nullable String reasonToRefuse(Class<?> type, boolean async) {
		if (CompletionStage.class.isAssignableFrom(type) || type == Callable.class) {
			return null;
		}
		if (REACTOR && Reactor.handles(type)) {
			return Reactor.isAutomatic() ? null : "its operators run in no scope unless Reactor propagates context:"
					+ " set 'spring.reactor.context-propagation=auto'";
		}
		if (Callable.class.isAssignableFrom(type)) {
			return "only what is declared as a Callable can be run in the scope";
		}
		if ((Future.class.isAssignableFrom(type) && !async) || Flow.Publisher.class.isAssignableFrom(type)
				|| REFUSED.stream().anyMatch((refused) -> isA(type, refused))) {
			return "nothing tells when it is done";
		}
		return null;
	}

	/**
	 * Make the scope hold. Called inside the scope.
	 * @param result what the method returned
	 * @param type what the method is declared to return
	 * @param work the scope
	 * @param live the running contexts
	 * @return what to return instead
	 */
	static @Nullable Object hold(@Nullable Object result, Class<?> type, UnitOfWork work, WorkRegistry live) {
		if (result instanceof CompletionStage<?> stage) {
			hold(stage, work, live);
		}
		else if (result != null && REACTOR && Reactor.handles(type)) {
			return Reactor.held(result, work, live);
		}
		else if (result instanceof Callable<?> callable && type == Callable.class) {
			return held(callable, work, live);
		}
		else if (WEB && Web.handles(result)) {
			Web.hold(result, work, live);
		}
		return result;
	}

	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	private static <V extends @Nullable Object> Callable<V> held(Callable<V> callable, UnitOfWork work,
			WorkRegistry live) {
		Context values = Context.copyOfCurrent();
		return () -> live.<V, Exception>call(live.begin(UnitOfWork.Kind.SCOPED, work::origin, work.id(), values.copy()),
				callable::call);
	}

	private static void hold(CompletionStage<?> stage, UnitOfWork work, WorkRegistry live) {
		if (live.hold(work, stage, (held) -> false)) {
			try {
				stage.whenComplete((value, failure) -> live.release(work));
			}
			catch (RuntimeException ex) {
				live.release(work); // a stage of somebody's own that supports less
			}
		}
	}

	private static boolean isA(@Nullable Class<?> type, String name) {
		return type != null && (type.getName().equals(name) || isA(type.getSuperclass(), name)
				|| Arrays.stream(type.getInterfaces()).anyMatch((implemented) -> isA(implemented, name)));
	}

	private static final class Web {

		static boolean handles(@Nullable Object result) {
			return result instanceof DeferredResult<?>;
		}

		static void hold(@Nullable Object result, UnitOfWork work, WorkRegistry live) {
			if (result instanceof DeferredResult<?> deferred) {
				live.hold(work, deferred, (held) -> ((DeferredResult<?>) held).isSetOrExpired());
			}
		}

	}

	private static final class Reactor {

		static boolean handles(Class<?> type) {
			return type == Mono.class || type == Flux.class;
		}

		static boolean isAutomatic() {
			return Hooks.isAutomaticContextPropagationEnabled();
		}

		static Object held(Object publisher, UnitOfWork work, WorkRegistry live) {
			ContextThreadLocalAccessor.Captured scope = new ContextThreadLocalAccessor().getValue();
			// A running subscription keeps this, and not the publisher that it came from.
			Consumer<SignalType> release = (signal) -> live.release(work);
			live.hold(work, release, (held) -> false);
			return (publisher instanceof Mono<?> mono)
					? mono.contextWrite((context) -> context.put(ContextThreadLocalAccessor.KEY, scope))
						.doFinally(release)
					: ((Flux<?>) publisher)
						.contextWrite((context) -> context.put(ContextThreadLocalAccessor.KEY, scope))
						.doFinally(release);
		}

	}

}

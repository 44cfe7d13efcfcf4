package io.github.contextvars.spring.scoped;

import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Predicate;

import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.util.ClassUtils;
import org.springframework.web.context.request.async.DeferredResult;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;

import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * Asynchronous return values of scoped methods, until whose completion the scope holds.
 * <p>
 * A {@code Callable} runs in a copy of the scope, and so do the operators of a
 * {@code Mono} or a {@code Flux}, through Reactor's own propagation. A
 * {@code CompletionStage} and a {@code DeferredResult} run nothing themselves: what
 * completes them was submitted inside the scope, with a copy of it. The unit of work is
 * listed until they complete.
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
	 * Return why the scope of a method could not hold until its return value completes.
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
	 * Keep the scope open until the method's result completes. Called inside the scope.
	 * @param result what the method returned
	 * @param type what the method is declared to return
	 * @param scope the scope
	 * @param registry the registry that has entered it
	 * @return what to return instead
	 */
	static @Nullable Object keepOpen(@Nullable Object result, Class<?> type, UnitOfWork scope, WorkRegistry registry) {
		if (result instanceof CompletionStage<?> stage) {
			awaitCompletion(stage, scope, registry);
		}
		else if (result != null && REACTOR && Reactor.handles(type)) {
			return Reactor.keepOpen(result, scope, registry);
		}
		else if (result instanceof Callable<?> callable && type == Callable.class) {
			return registry.capture(UnitOfWork.Kind.SCOPED).wrap(callable);
		}
		else if (WEB && Web.handles(result)) {
			Web.awaitCompletion(result, scope, registry);
		}
		return result;
	}

	private static void awaitCompletion(CompletionStage<?> stage, UnitOfWork scope, WorkRegistry registry) {
		if (registry.awaitCompletion(scope, stage, (result) -> false)) {
			try {
				stage.whenComplete((value, failure) -> registry.complete(scope));
			}
			catch (RuntimeException ex) {
				registry.complete(scope); // a stage that does not support dependents
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

		static void awaitCompletion(@Nullable Object result, UnitOfWork scope, WorkRegistry registry) {
			if (result instanceof DeferredResult<?> deferred) {
				registry.awaitCompletion(scope, deferred, new IsSetOrExpired(scope));
			}
		}

		// Keeps the scope, as a DeferredResult can refer to nothing.
		private record IsSetOrExpired(UnitOfWork scope) implements Predicate<Object> {

			@Override
			public boolean test(Object result) {
				return ((DeferredResult<?>) result).isSetOrExpired();
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

		static Object keepOpen(Object publisher, UnitOfWork scope, WorkRegistry registry) {
			ContextSnapshot snapshot = ContextSnapshotFactory.builder()
				.captureKeyPredicate(WorkSnapshot.KEY::equals)
				.build()
				.captureAll();
			// A running subscription refers to this, but not to the publisher that it
			// came
			// from.
			Consumer<SignalType> completion = (signal) -> registry.complete(scope);
			registry.awaitCompletion(scope, completion, (result) -> false);
			return (publisher instanceof Mono<?> mono)
					? mono.contextWrite(snapshot::updateContext).doFinally(completion)
					: ((Flux<?>) publisher).contextWrite(snapshot::updateContext).doFinally(completion);
		}

	}

}

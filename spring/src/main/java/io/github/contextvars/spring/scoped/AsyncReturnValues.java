package io.github.contextvars.spring.scoped;

import java.lang.reflect.Method;
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
import org.springframework.core.ResolvableType;
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
 * completes them was submitted inside the scope, with a copy of it. A suspending function
 * of Kotlin is a {@code Mono} or a {@code Flux} to advice, see {@link SuspendingScope}.
 * The unit of work is listed until they complete.
 */
final class AsyncReturnValues {

	private static final ClassLoader LOADER = AsyncReturnValues.class.getClassLoader();

	private static final String FLUX = "reactor.core.publisher.Flux";

	private static final String ACCESSOR = "io.micrometer.context.ThreadLocalAccessor";

	private static final String DEFERRED_RESULT = "org.springframework.web.context.request.async.DeferredResult";

	private static final String COROUTINES = "kotlinx.coroutines.reactor.MonoKt";

	private static final String CONTINUATION = "kotlin.coroutines.Continuation";

	static final Set<String> OPTIONAL = Set.of(FLUX, ACCESSOR, DEFERRED_RESULT, COROUTINES);

	private static final boolean REACTOR = ClassUtils.isPresent(FLUX, LOADER) && ClassUtils.isPresent(ACCESSOR, LOADER);

	private static final boolean SUSPENDING = REACTOR && ClassUtils.isPresent(COROUTINES, LOADER);

	private static final boolean WEB = ClassUtils.isPresent(DEFERRED_RESULT, LOADER);

	// By name, as none of these has to be there.
	private static final Set<String> REFUSED = Set.of("org.reactivestreams.Publisher", "kotlinx.coroutines.flow.Flow",
			"org.springframework.web.context.request.async.WebAsyncTask",
			"org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter",
			"org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody");

	private AsyncReturnValues() {
	}

	/**
	 * Return whether a method is a suspending function of Kotlin.
	 * @param method the method
	 * @return whether its last parameter is a continuation
	 */
	static boolean isSuspending(Method method) {
		Class<?>[] types = method.getParameterTypes();
		return types.length > 0 && types[types.length - 1].getName().equals(CONTINUATION);
	}

	/**
	 * Return whether Spring lets advice of a method wait for its suspending body.
	 * @param method the method
	 * @return whether it is a suspending function that is called as a {@code Publisher}
	 */
	static boolean isSuspendingPublisher(Method method) {
		return SUSPENDING && isSuspending(method);
	}

	/**
	 * Return why the scope of a method could not hold until its return value completes.
	 * @param method the method
	 * @param async whether Spring unwraps it on the worker, as it does for {@code @Async}
	 * @return the reason, or {@code null} if the scope can hold
	 */
	static @Nullable String reasonToRefuse(Method method, boolean async) {
		Class<?> type = method.getReturnType();
		if (isSuspending(method)) {
			// Of Continuation<? super T>.
			type = ResolvableType.forMethodParameter(method, method.getParameterCount() - 1)
				.getGeneric()
				.resolve(Object.class);
			if (!SUSPENDING) {
				return "Spring's advice cannot wait for it: add 'org.jetbrains.kotlinx:kotlinx-coroutines-reactor'"
						+ " and 'io.micrometer:context-propagation'";
			}
			if (!Reactor.isAutomatic()) {
				return "its caller would go on in the scope unless Reactor propagates context:"
						+ " set 'spring.reactor.context-propagation=auto'";
			}
			if (type == Callable.class) {
				return "what it returns is called after it has ended";
			}
		}
		return reasonToRefuse(type, async);
	}

	/**
	 * Return why the scope of a method that does not suspend could not hold.
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

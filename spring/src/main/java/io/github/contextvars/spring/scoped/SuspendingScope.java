package io.github.contextvars.spring.scoped;

import kotlin.coroutines.AbstractCoroutineContextElement;
import kotlin.coroutines.Continuation;
import kotlin.coroutines.CoroutineContext;
import kotlinx.coroutines.ThreadContextElement;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.ProxyMethodInvocation;
import reactor.core.publisher.Mono;

import io.github.contextvars.Context;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * Call of a suspending function in a scope.
 */
final class SuspendingScope {

	private SuspendingScope() {
	}

	/**
	 * Call a suspending function in the current scope. Spring calls it with the context
	 * of the continuation that is its last argument, when the returned publisher is
	 * subscribed to, and resumes the caller's own continuation.
	 * @param invocation the call
	 * @param scope the scope, which the calling thread is in
	 * @param registry the registry that has entered it
	 * @return a {@code Mono} or {@code Flux}
	 * @throws Throwable what other advice throws
	 */
	static @Nullable Object proceed(MethodInvocation invocation, UnitOfWork scope, WorkRegistry registry)
			throws Throwable {
		// Not the proxy's own array.
		@Nullable Object[] arguments = invocation.getArguments().clone();
		int last = arguments.length - 1;
		if (arguments[last] instanceof Continuation<?> caller) {
			arguments[last] = new ScopedContinuation<>(caller, registry.capture(UnitOfWork.Kind.SCOPED));
			((ProxyMethodInvocation) invocation).setArguments(arguments);
		}
		return AsyncReturnValues.keepOpen(invocation.proceed(), Mono.class, scope, registry);
	}

	/**
	 * {@link ThreadContextElement} that enters a copy of the scope whenever the function
	 * starts or resumes. It is added to what the caller's coroutine has, and so is
	 * entered last: inside of what Spring's own element and the blocks of
	 * {@code withContextVars} around the call have entered.
	 * <p>
	 * Many coroutines have it at once, and one may resume on a thread before another
	 * thread has suspended it. So it has no state but the snapshot, which is immutable.
	 */
	private static final class ScopeElement extends AbstractCoroutineContextElement
			implements ThreadContextElement<Context.Scope> {

		private static final ScopeKey KEY = new ScopeKey();

		private final WorkSnapshot scope;

		ScopeElement(WorkSnapshot scope) {
			super(KEY);
			this.scope = scope;
		}

		@Override
		public Context.Scope updateThreadContext(CoroutineContext context) {
			return this.scope.open();
		}

		@Override
		public void restoreThreadContext(CoroutineContext context, Context.Scope scope) {
			scope.close();
		}

		@Override
		public String toString() {
			return this.scope.toString();
		}

	}

	private static final class ScopeKey implements CoroutineContext.Key<ScopeElement> {

	}

	private static final class ScopedContinuation<T> implements Continuation<T> {

		private final Continuation<T> caller;

		private final CoroutineContext context;

		ScopedContinuation(Continuation<T> caller, WorkSnapshot scope) {
			this.caller = caller;
			this.context = caller.getContext().plus(new ScopeElement(scope));
		}

		@Override
		public CoroutineContext getContext() {
			return this.context;
		}

		@Override
		public void resumeWith(Object result) {
			this.caller.resumeWith(result);
		}

	}

}

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
 * {@link ThreadContextElement} that enters a copy of a scope whenever a scoped suspending
 * function starts or resumes. It is added to what the caller's coroutine has, and so is
 * entered last: inside of what Spring's own element and the blocks of
 * {@code withContextVars} around the call have entered.
 * <p>
 * Many coroutines have it at once, and one may resume on a thread before another thread
 * has suspended it. So it has no state but the snapshot, which is immutable.
 */
final class SuspendingScope extends AbstractCoroutineContextElement implements ThreadContextElement<Context.Scope> {

	private static final Key KEY = new Key();

	private final WorkSnapshot scope;

	private SuspendingScope(WorkSnapshot scope) {
		super(KEY);
		this.scope = scope;
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
			arguments[last] = new ScopedContinuation<>(caller,
					new SuspendingScope(registry.capture(UnitOfWork.Kind.SCOPED)));
			((ProxyMethodInvocation) invocation).setArguments(arguments);
		}
		return AsyncReturnValues.keepOpen(invocation.proceed(), Mono.class, scope, registry);
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

	private static final class Key implements CoroutineContext.Key<SuspendingScope> {

	}

	private static final class ScopedContinuation<T> implements Continuation<T> {

		private final Continuation<T> caller;

		private final CoroutineContext context;

		ScopedContinuation(Continuation<T> caller, SuspendingScope scope) {
			this.caller = caller;
			this.context = caller.getContext().plus(scope);
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

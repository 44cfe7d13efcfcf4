package io.github.contextvars.spring.task;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Method;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;

import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * Call of an {@code @Async} method on its way to a worker: its context is captured once,
 * by the caller, and entered once, by the worker.
 * <p>
 * Spring's advice is {@linkplain #submit given} this instead of the proxy's invocation,
 * and submits a task that {@linkplain #proceed proceeds}, in the captured context, and
 * {@linkplain #handleError enters the context again} for the handler of uncaught
 * exceptions. If the executor is instrumented, the decorator {@linkplain #take takes} the
 * invocation, and all of the task runs in the context, unless it makes no difference.
 */
final class AsyncInvocation implements MethodInvocation {

	private static final ThreadLocal<@Nullable AsyncInvocation> SUBMITTING = new ThreadLocal<>();

	private static final ThreadLocal<@Nullable Failure> FAILURE = new ThreadLocal<>();

	private final MethodInvocation invocation;

	private final WorkRegistry workRegistry;

	private final WorkSnapshot snapshot;

	private final boolean direct;

	// Not the thread itself, which the call may outlive.
	private final long caller = Thread.currentThread().getId();

	// Written by the worker. Where two threads run the task, one of them may find the
	// other's name here: it enters a copy then, which is right as well.
	private volatile @Nullable Thread worker;

	/**
	 * Create an invocation.
	 * @param invocation the proxy's
	 * @param workRegistry enters the context
	 * @param snapshot the caller's
	 * @param direct whether the first task that the executor gets is the invocation's,
	 * for no other executor is in between
	 */
	AsyncInvocation(MethodInvocation invocation, WorkRegistry workRegistry, WorkSnapshot snapshot, boolean direct) {
		this.direct = direct;
		this.invocation = invocation;
		this.workRegistry = workRegistry;
		this.snapshot = snapshot;
	}

	/**
	 * Let Spring's advice submit the call, on this thread.
	 * @param interceptor the advice
	 * @return what the caller gets
	 * @throws Throwable what the submission throws
	 */
	@Nullable Object submit(MethodInterceptor interceptor) throws Throwable {
		AsyncInvocation outer = SUBMITTING.get();
		SUBMITTING.set(this);
		try {
			return interceptor.invoke(this);
		}
		finally {
			if (outer != null) {
				SUBMITTING.set(outer);
			}
			else {
				SUBMITTING.remove();
			}
		}
	}

	/**
	 * Take the invocation whose task is being submitted on this thread. The next task
	 * that is submitted here is another one.
	 * @param task a task that is submitted; only one that Spring's advice can have made
	 * is the invocation's: an executor in between may submit others
	 * @return the invocation, or {@code null} if there is none
	 */
	static @Nullable AsyncInvocation take(Object task) {
		return isMadeBySpring(task) ? take() : null;
	}

	private static @Nullable AsyncInvocation take() {
		AsyncInvocation submitting = SUBMITTING.get();
		// get() has left an entry for the null that it returned.
		SUBMITTING.remove();
		return submitting;
	}

	/**
	 * Return whether a task is of a type in which Spring submits the calls of methods.
	 * @param task the task
	 * @return whether it is
	 */
	static boolean isMadeBySpring(Object task) {
		return task instanceof FutureTask<?> || task instanceof CompletableFuture.AsynchronousCompletionTask
				|| task.getClass().getName().startsWith("org.springframework.aop.interceptor.");
	}

	/**
	 * Return whether a task, of which the invocation was taken, does nothing outside the
	 * invocation: it completes nothing that others may have registered callbacks with.
	 * @param task the task
	 * @return whether it need not run in the context
	 */
	boolean isAllOf(Runnable task) {
		return this.direct && task.getClass() == FutureTask.class;
	}

	void run(Runnable task) {
		this.snapshot.run(() -> {
			this.worker = Thread.currentThread();
			try {
				task.run();
			}
			finally {
				this.worker = null;
			}
		});
	}

	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	<V extends @Nullable Object> Callable<V> wrap(Callable<V> task) {
		return this.snapshot.wrap(() -> {
			this.worker = Thread.currentThread();
			try {
				return task.call();
			}
			finally {
				this.worker = null;
			}
		});
	}

	/**
	 * Proceed to the method, on the worker, in the captured context.
	 */
	@Override
	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	public @Nullable Object proceed() throws Throwable {
		if (this.worker == Thread.currentThread()) {
			this.worker = null; // one entry serves one call
			return this.invocation.proceed();
		}
		// If the executor runs the task on the caller's thread, the body's tasks are
		// others.
		if (this.caller == Thread.currentThread().getId()) {
			take();
		}
		FAILURE.remove();
		UnitOfWork unit = this.snapshot.create();
		try {
			return this.workRegistry.<@Nullable Object, Throwable>call(unit, this.invocation::proceed);
		}
		catch (Throwable ex) {
			if (!returnsFuture()) {
				FAILURE.set(new Failure(this.workRegistry, unit));
			}
			throw ex;
		}
	}

	@Override
	public Method getMethod() {
		return this.invocation.getMethod();
	}

	@Override
	public @Nullable Object[] getArguments() {
		return this.invocation.getArguments();
	}

	@Override
	public @Nullable Object getThis() {
		return this.invocation.getThis();
	}

	@Override
	public AccessibleObject getStaticPart() {
		return this.invocation.getStaticPart();
	}

	// As Spring decides it: what returns no future calls the handler.
	private boolean returnsFuture() {
		Object target = getThis();
		Method method = AopUtils.getMostSpecificMethod(getMethod(),
				(target != null) ? AopUtils.getTargetClass(target) : null);
		return Future.class.isAssignableFrom(method.getReturnType());
	}

	/**
	 * Run the handling of an exception that a method has thrown, on the worker, in the
	 * context that the method has left, if it has left one.
	 * @param handling calls the handler
	 */
	static void handleError(Runnable handling) {
		Failure failure = FAILURE.get();
		FAILURE.remove();
		if (failure != null) {
			failure.workRegistry().run(failure.unit(), handling);
		}
		else {
			handling.run();
		}
	}

	private record Failure(WorkRegistry workRegistry, UnitOfWork unit) {

	}

}

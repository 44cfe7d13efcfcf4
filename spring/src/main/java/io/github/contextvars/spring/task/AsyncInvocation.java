package io.github.contextvars.spring.task;

import java.lang.reflect.Method;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

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
 * The advice before Spring's own captures and {@linkplain #submit offers} the snapshot to
 * the calling thread. If the executor is instrumented, the decorator {@linkplain #take
 * takes} it for the task that Spring submits, and the task enters it. If not, the advice
 * behind Spring's own {@linkplain #proceed does so}, and {@linkplain #handleError enters
 * the context again} for the handler of uncaught exceptions, which Spring calls after it.
 */
final class AsyncInvocation {

	private static final ThreadLocal<@Nullable AsyncInvocation> SUBMITTING = new ThreadLocal<>();

	private static final ThreadLocal<@Nullable Failure> FAILURE = new ThreadLocal<>();

	private final WorkRegistry workRegistry;

	private final WorkSnapshot snapshot;

	// Written by the worker. Where two threads run the task, one of them may find the
	// other's name here: it enters a copy then, which is right as well.
	private volatile @Nullable Thread worker;

	AsyncInvocation(WorkRegistry workRegistry, WorkSnapshot snapshot) {
		this.workRegistry = workRegistry;
		this.snapshot = snapshot;
	}

	/**
	 * Proceed to Spring's advice, which submits a task on this thread.
	 * @param invocation the method invocation
	 * @return what the caller gets
	 * @throws Throwable what the submission throws
	 */
	@Nullable Object submit(MethodInvocation invocation) throws Throwable {
		AsyncInvocation outer = SUBMITTING.get();
		SUBMITTING.set(this);
		try {
			return invocation.proceed();
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
	 * @param invocation the method invocation
	 * @return what the method returned
	 * @throws Throwable what the method throws
	 */
	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	@Nullable Object proceed(MethodInvocation invocation) throws Throwable {
		if (this.worker == Thread.currentThread()) {
			this.worker = null; // one entry serves one call
			return invocation.proceed();
		}
		// If the executor runs the task on the caller's thread, the body's tasks are
		// others.
		take();
		FAILURE.remove();
		UnitOfWork unit = this.snapshot.create();
		try {
			return this.workRegistry.<@Nullable Object, Throwable>call(unit, invocation::proceed);
		}
		catch (Throwable ex) {
			if (!returnsFuture(invocation)) {
				FAILURE.set(new Failure(this.workRegistry, unit));
			}
			throw ex;
		}
	}

	// As Spring decides it: what returns no future calls the handler.
	private static boolean returnsFuture(MethodInvocation invocation) {
		Object target = invocation.getThis();
		Method method = AopUtils.getMostSpecificMethod(invocation.getMethod(),
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

package io.github.contextvars.spring.task;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;

import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * Call of an {@code @Async} method on its way to a worker: its context is captured once,
 * by the caller, and entered once, by the worker.
 * <p>
 * The advice before Spring's own captures and {@linkplain #submit offers} the snapshot to
 * the calling thread. If the executor is instrumented, the decorator {@linkplain #take
 * takes} it for the task that Spring submits, and the task enters it. If not, the advice
 * behind Spring's own {@linkplain #proceed does so}.
 */
final class AsyncInvocation {

	private static final ThreadLocal<@Nullable AsyncInvocation> SUBMITTING = new ThreadLocal<>();

	private final WorkSnapshot snapshot;

	// Written by the worker. Where two threads run the task, one of them may find the
	// other's name here: it enters a copy then, which is right as well.
	private volatile @Nullable Thread worker;

	AsyncInvocation(WorkSnapshot snapshot) {
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
	@Nullable Object proceed(MethodInvocation invocation) throws Throwable {
		if (this.worker == Thread.currentThread()) {
			this.worker = null; // one entry serves one call
			return invocation.proceed();
		}
		// If the executor runs the task on the caller's thread, the body's tasks are
		// others.
		take();
		try (Context.Scope scope = this.snapshot.open()) {
			return invocation.proceed();
		}
	}

}

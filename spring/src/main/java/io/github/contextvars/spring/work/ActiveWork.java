package io.github.contextvars.spring.work;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;

/**
 * Units of work that threads are in. For each such thread it holds the innermost one,
 * which knows the one around it; a thread that leaves its outermost one is forgotten. So
 * whatever goes wrong further in, what ends further out clears it away.
 */
final class ActiveWork {

	private final Map<Thread, UnitOfWork> innermost = new ConcurrentHashMap<>();

	@Nullable UnitOfWork current() {
		return this.innermost.get(Thread.currentThread());
	}

	void forEach(Consumer<UnitOfWork> action) {
		for (UnitOfWork innermost : this.innermost.values()) {
			for (UnitOfWork work = innermost; work != null; work = work.outer) {
				action.accept(work);
			}
		}
	}

	<R extends @Nullable Object, X extends Throwable> R call(UnitOfWork work, Context.CallableOp<? extends R, X> body)
			throws X {
		return work.context().<R, X>call(() -> {
			show(work);
			try {
				return body.call();
			}
			finally {
				hide(work);
			}
		});
	}

	Context.Scope enter(UnitOfWork work) {
		Context.Scope scope = work.context().enter();
		try {
			show(work);
		}
		catch (Throwable ex) {
			scope.close();
			throw ex;
		}
		return new TrackedScope(scope, work);
	}

	private void show(UnitOfWork work) {
		Thread thread = Thread.currentThread();
		work.thread = thread;
		work.outer = this.innermost.get(thread);
		this.innermost.put(thread, work);
	}

	private void hide(UnitOfWork work) {
		Thread thread = Thread.currentThread();
		UnitOfWork present = this.innermost.get(thread);
		while (present != null && present != work) {
			present = present.outer;
		}
		if (present == null) {
			return; // work further out has ended and cleared this away
		}
		UnitOfWork outer = work.outer;
		work.thread = null;
		if (outer == null) {
			this.innermost.remove(thread);
		}
		else {
			this.innermost.put(thread, outer);
		}
	}

	private final class TrackedScope implements Context.Scope {

		private final Context.Scope scope;

		private final UnitOfWork work;

		private boolean closed;

		private TrackedScope(Context.Scope scope, UnitOfWork work) {
			this.scope = scope;
			this.work = work;
		}

		@Override
		public void close() {
			try {
				// Before the context is free for another thread to show.
				if (!this.closed && this.work.thread == Thread.currentThread()) {
					this.closed = true;
					hide(this.work);
				}
			}
			finally {
				this.scope.close();
			}
		}

	}

}

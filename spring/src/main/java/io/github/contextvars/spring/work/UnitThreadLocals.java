package io.github.contextvars.spring.work;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;

/**
 * What a registry does with the {@link ThreadLocal}s of its units of work. Without a
 * {@link ThreadLocalPropagation} it costs the comparison of a field.
 */
final class UnitThreadLocals {

	/**
	 * Values of a unit of work that leaves those of its thread as they are.
	 */
	static final Object UNCHANGED = new Object();

	private final @Nullable ThreadLocalPropagation propagation;

	UnitThreadLocals(@Nullable ThreadLocalPropagation propagation) {
		this.propagation = propagation;
	}

	@Nullable Object capture() {
		return (this.propagation != null) ? this.propagation.capture() : null;
	}

	// Let a unit of work have what the calling thread has now, whenever it is entered
	// again or copied.
	void save(UnitOfWork unit) {
		if (this.propagation != null && unit.threadLocals != UNCHANGED) {
			unit.threadLocals = this.propagation.capture();
		}
	}

	// Extend the scope of a context that has been entered.
	Context.Scope enter(UnitOfWork unit, Context.Scope scope) {
		return (unit.threadLocals != UNCHANGED) ? enter(unit.threadLocals, unit.kind(), scope) : scope;
	}

	Context.Scope enter(@Nullable Object captured, UnitOfWork.@Nullable Kind kind, Context.Scope scope) {
		if (this.propagation == null) {
			return scope;
		}
		Thread thread = Thread.currentThread();
		try {
			return new ExtendedScope(thread, this.propagation.open(captured, kind), scope);
		}
		catch (Throwable ex) {
			scope.close();
			throw ex;
		}
	}

	// Extend an operation that is called in a unit's context.
	<R extends @Nullable Object, X extends Throwable> Context.CallableOp<? extends R, X> extend(UnitOfWork unit,
			Context.CallableOp<? extends R, X> operation) {
		ThreadLocalPropagation present = this.propagation;
		if (present == null || unit.threadLocals == UNCHANGED) {
			return operation;
		}
		return () -> {
			ThreadLocalPropagation.Scope scope = present.open(unit.threadLocals, unit.kind());
			try {
				return operation.call();
			}
			finally {
				scope.close();
			}
		};
	}

	private static final class ExtendedScope implements Context.Scope {

		private final Thread thread;

		private final Context.Scope context;

		private ThreadLocalPropagation.@Nullable Scope threadLocals;

		private ExtendedScope(Thread thread, ThreadLocalPropagation.Scope threadLocals, Context.Scope context) {
			this.thread = thread;
			this.threadLocals = threadLocals;
			this.context = context;
		}

		// On another thread only the context's scope knows what to say.
		@Override
		public void close() {
			try {
				ThreadLocalPropagation.Scope present = this.threadLocals;
				if (present != null && this.thread == Thread.currentThread()) {
					this.threadLocals = null;
					present.close();
				}
			}
			finally {
				this.context.close();
			}
		}

	}

}

package io.github.contextvars.spring.work;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;

/**
 * What a registry does to have its units of work recorded. Without a {@link WorkRecorder}
 * it costs the comparison of a field.
 */
final class UnitRecording {

	private final @Nullable WorkRecorder recorder;

	UnitRecording(@Nullable WorkRecorder recorder) {
		this.recorder = recorder;
	}

	// Extend the scope of a context that has been entered.
	Context.Scope enter(UnitOfWork unit, Context.Scope scope) {
		WorkRecorder present = this.recorder;
		if (present == null || !present.isRecording()) {
			return scope;
		}
		try {
			return new RecordedScope(Thread.currentThread(), present.begin(unit), scope);
		}
		catch (Throwable ex) {
			scope.close();
			throw ex;
		}
	}

	// Extend an operation that is called in a unit's context.
	<R extends @Nullable Object, X extends Throwable> Context.CallableOp<? extends R, X> extend(UnitOfWork unit,
			Context.CallableOp<? extends R, X> operation) {
		WorkRecorder present = this.recorder;
		if (present == null || !present.isRecording()) {
			return operation;
		}
		return () -> {
			WorkRecorder.Recording recording = present.begin(unit);
			try {
				return operation.call();
			}
			finally {
				recording.end();
			}
		};
	}

	private record RecordedScope(Thread thread, WorkRecorder.Recording recording,
			Context.Scope context) implements Context.Scope {

		// On another thread only the context's scope knows what to say.
		@Override
		public void close() {
			try {
				if (this.thread == Thread.currentThread()) {
					this.recording.end();
				}
			}
			finally {
				this.context.close();
			}
		}

	}

}

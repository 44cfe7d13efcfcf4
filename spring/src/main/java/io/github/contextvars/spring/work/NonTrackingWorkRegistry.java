package io.github.contextvars.spring.work;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;

/**
 * {@link WorkRegistry} that remembers nothing. As no unit of work is ever listed, neither
 * the clock nor a shared counter is touched.
 */
final class NonTrackingWorkRegistry implements WorkRegistry {

	private final WorkCounter counter = new WorkCounter();

	private final UnitThreadLocals threadLocals;

	private final UnitRecording recording;

	NonTrackingWorkRegistry(@Nullable ThreadLocalPropagation propagation, @Nullable WorkRecorder recorder) {
		this.threadLocals = new UnitThreadLocals(propagation);
		this.recording = new UnitRecording(recorder);
	}

	@Override
	public UnitThreadLocals threadLocals() {
		return this.threadLocals;
	}

	@Override
	public UnitOfWork create(UnitOfWork.Kind kind, Supplier<String> origin, @Nullable Long parent, Context context,
			@Nullable Object threadLocals) {
		this.counter.increment(kind);
		return new UnitOfWork(0, 0, kind, origin, parent, context, threadLocals);
	}

	@Override
	public Context.Scope enter(UnitOfWork unit) {
		return this.threadLocals.enter(unit, this.recording.enter(unit, unit.context().enter()));
	}

	@Override
	public <R extends @Nullable Object, X extends Throwable> R call(UnitOfWork unit,
			Context.CallableOp<? extends R, X> operation) throws X {
		return unit.context().call(this.recording.<R, X>extend(unit, this.threadLocals.<R, X>extend(unit, operation)));
	}

	@Override
	public boolean rename(WorkSnapshot snapshot) {
		return false;
	}

	@Override
	public boolean awaitCompletion(UnitOfWork unit, Object result, Predicate<Object> completed) {
		return false;
	}

	@Override
	public void complete(UnitOfWork unit) {
		// Nothing was kept.
	}

	@Override
	public @Nullable UnitOfWork current() {
		return null;
	}

	@Override
	public List<UnitOfWork> list() {
		return List.of();
	}

	@Override
	public boolean isTracking() {
		return false;
	}

	@Override
	public void startCounting() {
		this.counter.start();
	}

	@Override
	public long count(UnitOfWork.Kind kind) {
		return this.counter.count(kind);
	}

}

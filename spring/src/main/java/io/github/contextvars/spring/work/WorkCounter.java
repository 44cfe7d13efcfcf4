package io.github.contextvars.spring.work;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

import org.jspecify.annotations.Nullable;

/**
 * Counter of the units of work that begin, by kind. Counts nothing until it is started.
 */
final class WorkCounter {

	private volatile @Nullable Map<UnitOfWork.Kind, LongAdder> begun;

	synchronized void start() {
		if (this.begun == null) {
			Map<UnitOfWork.Kind, LongAdder> adders = new EnumMap<>(UnitOfWork.Kind.class);
			for (UnitOfWork.Kind kind : UnitOfWork.Kind.values()) {
				adders.put(kind, new LongAdder());
			}
			this.begun = adders;
		}
	}

	void increment(UnitOfWork.Kind kind) {
		LongAdder adder = adder(kind);
		if (adder != null) {
			adder.increment();
		}
	}

	long count(UnitOfWork.Kind kind) {
		LongAdder adder = adder(kind);
		return (adder != null) ? adder.sum() : 0;
	}

	private @Nullable LongAdder adder(UnitOfWork.Kind kind) {
		Map<UnitOfWork.Kind, LongAdder> adders = this.begun;
		return (adders != null) ? adders.get(kind) : null;
	}

}

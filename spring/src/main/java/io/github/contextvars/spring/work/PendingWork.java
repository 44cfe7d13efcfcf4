package io.github.contextvars.spring.work;

import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Units of work that no thread is in any more, and whose results are not finished. A
 * result that nobody keeps takes its work with it: what is over is swept out whenever
 * somebody looks, and whenever there is twice as much as was left the last time.
 */
final class PendingWork {

	private static final int MIN_SWEEP = 128;

	private final Map<Long, Held> held = new ConcurrentHashMap<>();

	private volatile int sweepAt = MIN_SWEEP;

	void hold(UnitOfWork work, Object result, Predicate<Object> finished) {
		this.held.put(work.id(), new Held(work, new WeakReference<>(result), finished));
		if (this.held.size() >= this.sweepAt) {
			sweep();
			this.sweepAt = Math.max(MIN_SWEEP, 2 * this.held.size());
		}
	}

	void release(UnitOfWork work) {
		this.held.remove(work.id());
	}

	void forEach(Consumer<UnitOfWork> action) {
		sweep();
		this.held.values().forEach((one) -> action.accept(one.work()));
	}

	private void sweep() {
		this.held.values().removeIf(Held::isOver);
	}

	private record Held(UnitOfWork work, WeakReference<Object> result, Predicate<Object> finished) {

		boolean isOver() {
			Object referent = this.result.get();
			return referent == null || this.finished.test(referent);
		}

	}

}

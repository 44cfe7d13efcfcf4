package io.github.contextvars.spring.work;

import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Units of work that no thread runs any more and whose results are not completed.
 * Completed entries, and those whose results were collected, are purged on each read, and
 * when the map has doubled since the last purge.
 */
final class PendingWork {

	private static final int MIN_PURGE_SIZE = 128;

	private final Map<Long, Entry> entries = new ConcurrentHashMap<>();

	private volatile int purgeSize = MIN_PURGE_SIZE;

	boolean add(UnitOfWork unit, Object result, Predicate<Object> completed) {
		if (completed.test(result)) {
			return false;
		}
		this.entries.put(unit.id(), new Entry(unit, new WeakReference<>(result), completed));
		if (this.entries.size() >= this.purgeSize) {
			purge();
			this.purgeSize = Math.max(MIN_PURGE_SIZE, 2 * this.entries.size());
		}
		return true;
	}

	void remove(UnitOfWork unit) {
		this.entries.remove(unit.id());
	}

	void forEach(Consumer<UnitOfWork> action) {
		purge();
		this.entries.values().forEach((entry) -> action.accept(entry.unit()));
	}

	private void purge() {
		this.entries.values().removeIf(Entry::isCompleted);
	}

	private record Entry(UnitOfWork unit, WeakReference<Object> result, Predicate<Object> completed) {

		boolean isCompleted() {
			Object referent = this.result.get();
			return referent == null || this.completed.test(referent);
		}

	}

}

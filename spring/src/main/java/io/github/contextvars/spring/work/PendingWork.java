package io.github.contextvars.spring.work;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * Units of work that no thread runs any more and whose results are not completed. It
 * refers to both weakly: if it kept a unit, it would keep what its values refer to, the
 * result among them.
 * <p>
 * Entries whose results were collected are removed when the next unit of work begins.
 * Those of results that do not tell when they complete are removed on each read, and when
 * the map has doubled.
 */
final class PendingWork {

	private static final int MIN_PURGE_SIZE = 128;

	private final Map<Long, Entry> entries = new ConcurrentHashMap<>();

	private final ReferenceQueue<Object> collected = new ReferenceQueue<>();

	private volatile int purgeSize = MIN_PURGE_SIZE;

	boolean add(UnitOfWork unit, Object result, Predicate<Object> completed) {
		if (completed.test(result)) {
			return false;
		}
		removeAbandoned();
		this.entries.put(unit.id(), new Entry(unit, result, this.collected, completed));
		if (this.entries.size() >= this.purgeSize) {
			purge();
			this.purgeSize = Math.max(MIN_PURGE_SIZE, 2 * this.entries.size());
		}
		return true;
	}

	void remove(UnitOfWork unit) {
		this.entries.remove(unit.id());
	}

	/**
	 * Remove the entries whose results were collected. Costs one read if there are none.
	 */
	void removeAbandoned() {
		for (Reference<?> next = this.collected.poll(); next != null; next = this.collected.poll()) {
			if (next instanceof Entry entry) {
				this.entries.remove(entry.id, entry);
			}
		}
	}

	void forEach(Consumer<UnitOfWork> action) {
		purge();
		for (Entry entry : this.entries.values()) {
			UnitOfWork unit = entry.unit.get();
			if (unit != null) {
				action.accept(unit);
			}
		}
	}

	private void purge() {
		removeAbandoned();
		this.entries.values().removeIf(Entry::isCompleted);
	}

	private static final class Entry extends WeakReference<Object> {

		private final long id;

		private final WeakReference<UnitOfWork> unit;

		private final Predicate<Object> completed;

		private Entry(UnitOfWork unit, Object result, ReferenceQueue<Object> collected, Predicate<Object> completed) {
			super(result, collected);
			this.id = unit.id();
			this.unit = new WeakReference<>(unit);
			this.completed = completed;
		}

		private boolean isCompleted() {
			@Nullable Object referent = get();
			return referent == null || this.completed.test(referent);
		}

	}

}

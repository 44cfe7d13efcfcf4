package io.github.contextvars.spring.stress;

import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.testing.ThreadContextProbe;

/**
 * Counts what was done, and what should not have been seen.
 */
final class ViolationLog {

	static final ContextVar<String> ID = ContextVar.of("id");

	static final ContextVar<String> STEP = ContextVar.of("step");

	private static final int MAX_COMPLAINTS = 20;

	private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();

	private final Map<Wrong, LongAdder> wrongs = new ConcurrentHashMap<>();

	private final Queue<String> complaints = new ConcurrentLinkedQueue<>();

	void count(String what) {
		this.counts.computeIfAbsent(what, (key) -> new LongAdder()).increment();
	}

	long counted(String what) {
		LongAdder count = this.counts.get(what);
		return (count != null) ? count.sum() : 0;
	}

	/**
	 * Compare what the context has with what somebody knows that did not ask the library.
	 */
	void expect(String where, String id, String step) {
		count("checks");
		compare(where, id, ID.get((String) null));
		compare(where, step, STEP.get((String) null));
	}

	void expectNothing(String where) {
		count("checks");
		if (!Context.copyOfCurrent().isEmpty()) {
			complain(Wrong.BLEED, where + " began with " + ID.get("no id") + ", " + STEP.get("no step"));
		}
	}

	void expectNoContext(Wrong ifThereIs, String where) {
		count("sentinel checks");
		if (ThreadContextProbe.isInContext()) {
			complain(ifThereIs, where + " on " + Thread.currentThread().getName());
		}
	}

	void complain(Wrong wrong, String complaint) {
		LongAdder count = this.wrongs.computeIfAbsent(wrong, (key) -> new LongAdder());
		count.increment();
		if (count.sum() <= MAX_COMPLAINTS) {
			this.complaints.add(wrong + ": " + complaint);
		}
	}

	private void compare(String where, String expected, String seen) {
		if (!Objects.equals(expected, seen)) {
			complain((seen != null) ? Wrong.BLEED : Wrong.LOSS, where + " saw " + seen + " instead of " + expected);
		}
	}

	Queue<String> complaints() {
		return this.complaints;
	}

	@Override
	public String toString() {
		return new TreeMap<>(this.wrongs) + " " + new TreeMap<>(this.counts);
	}

	enum Wrong {

		BLEED, LOSS, DIRTY_ON_ENTRY, DIRTY_ON_EXIT, UNANSWERED

	}

}

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
 * Counts of what was done, and of the violations that were seen, with descriptions of the
 * first ones.
 */
final class ViolationLog {

	static final ContextVar<String> ID = ContextVar.of("id");

	static final ContextVar<String> STEP = ContextVar.of("step");

	private static final int MAX_DESCRIBED = 20;

	private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();

	private final Map<Violation, LongAdder> violationCounts = new ConcurrentHashMap<>();

	private final Queue<String> violations = new ConcurrentLinkedQueue<>();

	void count(String what) {
		this.counts.computeIfAbsent(what, (key) -> new LongAdder()).increment();
	}

	long counted(String what) {
		LongAdder count = this.counts.get(what);
		return (count != null) ? count.sum() : 0;
	}

	/**
	 * Compare what the context has with what the caller knows without the library.
	 */
	void expect(String where, String id, String step) {
		count("checks");
		compare(where, id, ID.get((String) null));
		compare(where, step, STEP.get((String) null));
	}

	void expectNothing(String where) {
		count("checks");
		if (!Context.copyOfCurrent().isEmpty()) {
			record(Violation.BLEED, where + " began with " + ID.get("no id") + ", " + STEP.get("no step"));
		}
	}

	void expectNoContext(Violation ifThereIs, String where) {
		count("sentinel checks");
		if (ThreadContextProbe.isInContext()) {
			record(ifThereIs, where + " on " + Thread.currentThread().getName());
		}
	}

	void record(Violation violation, String description) {
		LongAdder count = this.violationCounts.computeIfAbsent(violation, (key) -> new LongAdder());
		count.increment();
		if (count.sum() <= MAX_DESCRIBED) {
			this.violations.add(violation + ": " + description);
		}
	}

	private void compare(String where, String expected, String seen) {
		if (!Objects.equals(expected, seen)) {
			record((seen != null) ? Violation.BLEED : Violation.LOSS,
					where + " saw " + seen + " instead of " + expected);
		}
	}

	Queue<String> violations() {
		return this.violations;
	}

	@Override
	public String toString() {
		return new TreeMap<>(this.violationCounts) + " " + new TreeMap<>(this.counts);
	}

	enum Violation {

		BLEED, LOSS, DIRTY_ON_ENTRY, DIRTY_ON_EXIT, UNANSWERED

	}

}

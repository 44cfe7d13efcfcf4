package io.github.contextvars.spring.jfr;

import jdk.jfr.Event;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRecorder;

/**
 * Unit of work that a thread is in, and its present event. The event ends when the value
 * of an observed variable changes, and the next one begins.
 */
final class RecordedUnit implements WorkRecorder.Recording {

	private static final ThreadLocal<@Nullable RecordedUnit> INNERMOST = new ThreadLocal<>();

	private final WorkEventType type;

	private final UnitOfWork unit;

	private final @Nullable RecordedUnit outer;

	private @Nullable Event event;

	private RecordedUnit(WorkEventType type, UnitOfWork unit, @Nullable RecordedUnit outer) {
		this.type = type;
		this.unit = unit;
		this.outer = outer;
	}

	static RecordedUnit begin(WorkEventType type, UnitOfWork unit) {
		RecordedUnit recorded = new RecordedUnit(type, unit, INNERMOST.get());
		recorded.event = type.begin();
		INNERMOST.set(recorded);
		return recorded;
	}

	/**
	 * Begin another event where a unit of work has changed an observed variable. Contexts
	 * that the application enters inside the unit are not the unit's.
	 * @param variable the variable
	 * @param context the context that it was changed in
	 */
	@SuppressWarnings("ReferenceEquality") // contexts are equal by content
	static void changed(ContextVar<?> variable, Context context) {
		RecordedUnit recorded = INNERMOST.get();
		while (recorded != null && recorded.unit.context() != context) {
			recorded = recorded.outer;
		}
		if (recorded != null && recorded.type.hasFieldOf(variable)) {
			recorded.endEvent();
			recorded.event = recorded.type.begin();
		}
	}

	@Override
	public void end() {
		try {
			leave();
			endEvent();
		}
		catch (Throwable ex) {
			// Work does not fail for its event.
		}
	}

	// Not the innermost if scopes inside were not closed. Not there if it has ended.
	private void leave() {
		RecordedUnit found = INNERMOST.get();
		while (found != null && found != this) {
			found = found.outer;
		}
		if (found != null && this.outer != null) {
			INNERMOST.set(this.outer);
		}
		else if (found != null) {
			INNERMOST.remove();
		}
	}

	private void endEvent() {
		Event present = this.event;
		this.event = null;
		if (present != null) {
			this.type.end(present, this.unit);
		}
	}

}

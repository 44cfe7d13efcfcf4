package io.github.contextvars.spring.jfr;

import jdk.jfr.Event;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRecorder;

/**
 * Unit of work that a thread is in, and its event.
 */
final class RecordedUnit implements WorkRecorder.Recording {

	private final WorkEventType type;

	private final UnitOfWork unit;

	private @Nullable Event event;

	RecordedUnit(WorkEventType type, UnitOfWork unit) {
		this.type = type;
		this.unit = unit;
		this.event = type.begin();
	}

	@Override
	public void end() {
		Event present = this.event;
		this.event = null;
		try {
			if (present != null) {
				this.type.end(present, this.unit);
			}
		}
		catch (Throwable ex) {
			// Work does not fail for its event.
		}
	}

}

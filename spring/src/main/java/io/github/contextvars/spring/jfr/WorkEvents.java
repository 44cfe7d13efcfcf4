package io.github.contextvars.spring.jfr;

import java.util.List;

import jdk.jfr.FlightRecorder;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.RunningApplications;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRecorder;

/**
 * {@link WorkRecorder} that writes an event for each unit of work on a thread, with the
 * values that it has when the thread leaves it, as those of observations.
 * <p>
 * The type of the events is not made before Flight Recorder is in use: that takes some
 * hundred milliseconds in a JVM that has never recorded anything.
 */
final class WorkEvents implements WorkRecorder, AutoCloseable {

	private static final Log logger = LogFactory.getLog(WorkEvents.class);

	private static final Recording NOTHING = () -> {
	};

	private volatile @Nullable ContextVariableRegistry variables;

	private volatile @Nullable WorkEventType type;

	/**
	 * Record from now on, whenever a recording runs.
	 * @param variables the declared variables
	 */
	void start(ContextVariableRegistry variables) {
		this.variables = variables;
	}

	@Override
	public boolean isRecording() {
		WorkEventType present = this.type;
		if (present != null) {
			return present.isEnabled();
		}
		return this.variables != null && FlightRecorder.isInitialized();
	}

	@Override
	public Recording begin(UnitOfWork unit) {
		try {
			WorkEventType present = upToDateType();
			return (present != null && present.isEnabled()) ? new RecordedUnit(present, unit) : NOTHING;
		}
		catch (Throwable ex) {
			return NOTHING; // work does not fail for its event
		}
	}

	private @Nullable WorkEventType upToDateType() {
		WorkEventType present = this.type;
		ContextVariableRegistry declared = this.variables;
		List<ContextVariableRegistry> applications = RunningApplications.list(ContextVariableRegistry.class);
		if (declared == null || (present != null && present.isFor(applications))) {
			return present;
		}
		try {
			present = new WorkEventType(declared, applications);
			this.type = present;
			return present;
		}
		catch (RuntimeException | LinkageError | InternalError ex) {
			this.variables = null;
			logger.warn("Units of work are not recorded, as no type of event can be made", ex);
			return null;
		}
	}

	@Override
	public void close() {
		this.variables = null;
		this.type = null;
	}

}

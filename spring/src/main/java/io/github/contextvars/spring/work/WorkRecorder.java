package io.github.contextvars.spring.work;

/**
 * Recorder of the units of work that threads run, which {@link WorkRegistry} calls. No
 * method throws. May be used on any thread.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
public interface WorkRecorder {

	/**
	 * Return whether anything is to be recorded. Takes a few nanoseconds.
	 * @return whether {@link #begin} is to be called
	 */
	boolean isRecording();

	/**
	 * Begin to record a unit of work that the calling thread has entered.
	 * @param unit the unit of work
	 * @return its recording, to be ended by the same thread before it leaves the unit's
	 * context
	 */
	Recording begin(UnitOfWork unit);

	/**
	 * Recording of a unit of work on a thread.
	 */
	@FunctionalInterface
	interface Recording {

		/**
		 * End the recording. Has no effect the second time.
		 */
		void end();

	}

}

package io.github.contextvars.testsupport;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Recorder of what the library logs through {@code java.util.logging} while the capture
 * is open. The records do not reach the console.
 */
public final class LogCapture implements AutoCloseable {

	private final List<LogRecord> records = Collections.synchronizedList(new ArrayList<>());

	private final Logger logger = Logger.getLogger("io.github.contextvars");

	private final Handler handler;

	private LogCapture(Consumer<LogRecord> also) {
		this.handler = new Handler() {

			@Override
			public void publish(LogRecord entry) {
				LogCapture.this.records.add(entry);
				also.accept(entry);
			}

			@Override
			public void flush() {
			}

			@Override
			public void close() {
			}

		};
		this.logger.setUseParentHandlers(false);
		this.logger.addHandler(this.handler);
	}

	/**
	 * Open a capture.
	 * @return the capture
	 */
	public static LogCapture open() {
		return open((entry) -> {
		});
	}

	/**
	 * Open a capture that also passes on each record.
	 * @param also what to call with each record, on the thread that logs it
	 * @return the capture
	 */
	public static LogCapture open(Consumer<LogRecord> also) {
		return new LogCapture(also);
	}

	/**
	 * Return the records.
	 * @return a live list of the records
	 */
	public List<LogRecord> records() {
		return this.records;
	}

	/**
	 * Return the messages of the records.
	 * @return the messages so far
	 */
	public List<String> messages() {
		return this.records.stream().map(LogRecord::getMessage).toList();
	}

	@Override
	public void close() {
		this.logger.removeHandler(this.handler);
		this.logger.setUseParentHandlers(true);
	}

}

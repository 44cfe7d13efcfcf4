package io.github.contextvars.testsupport;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * What the library logs while this is open, kept off the console.
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

	public static LogCapture open() {
		return open((entry) -> {
		});
	}

	public static LogCapture open(Consumer<LogRecord> also) {
		return new LogCapture(also);
	}

	public List<LogRecord> records() {
		return this.records;
	}

	public List<String> messages() {
		return this.records.stream().map(LogRecord::getMessage).toList();
	}

	@Override
	public void close() {
		this.logger.removeHandler(this.handler);
		this.logger.setUseParentHandlers(true);
	}

}

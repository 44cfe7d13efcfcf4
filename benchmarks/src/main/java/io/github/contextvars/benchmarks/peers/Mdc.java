package io.github.contextvars.benchmarks.peers;

import java.util.Map;
import java.util.stream.IntStream;

import org.slf4j.MDC;

/**
 * {@link Peer} for SLF4J's MDC over Logback.
 */
public class Mdc extends Peer {

	private String[] read;

	private String[] others;

	@Override
	void declare(int count) {
		this.read = keys("key ", count);
		this.others = keys("other ", count);
	}

	@Override
	void enter(boolean readable) {
		for (String key : readable ? this.read : this.others) {
			MDC.put(key, "value of " + key);
		}
	}

	@Override
	void leave() {
		MDC.clear();
	}

	/**
	 * Read a variable.
	 * @return its value
	 */
	public Object get() {
		return MDC.get(this.read[next()]);
	}

	/**
	 * Put another value, and the old one.
	 */
	public void setAndRestore() {
		String key = this.read[next()];
		String before = MDC.get(key);
		MDC.put(key, (String) OTHER);
		MDC.put(key, before);
	}

	/**
	 * Copy the map, and run a task with it.
	 * @param task what to run
	 */
	public void captureAndRun(Runnable task) {
		Map<String, String> captured = MDC.getCopyOfContextMap();
		Map<String, String> before = MDC.getCopyOfContextMap();
		MDC.setContextMap(captured);
		try {
			task.run();
		}
		finally {
			MDC.setContextMap(before);
		}
	}

	private static String[] keys(String prefix, int count) {
		return IntStream.range(0, count).mapToObj((i) -> prefix + i).toArray(String[]::new);
	}

}

package io.github.contextvars.spring.task;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Which executor beans carry contexts, and how. May be read by any thread.
 */
public final class ExecutorPropagationReport {

	private final Map<String, Entry> entries = new ConcurrentSkipListMap<>();

	/**
	 * List the executor beans that were created so far.
	 * @return a copy, by name
	 */
	public List<Entry> list() {
		return List.copyOf(this.entries.values());
	}

	void add(Entry entry) {
		this.entries.put(entry.bean(), entry);
	}

	/**
	 * One executor bean.
	 *
	 * @param bean its name
	 * @param type its class
	 * @param propagates whether its tasks see the variables of whoever submitted them
	 * @param how by which means, or why not
	 */
	public record Entry(String bean, String type, boolean propagates, String how) {

	}

}

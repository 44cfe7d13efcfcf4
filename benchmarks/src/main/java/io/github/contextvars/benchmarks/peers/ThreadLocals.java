package io.github.contextvars.benchmarks.peers;

import java.util.stream.IntStream;

/**
 * {@link Peer} for {@link ThreadLocal}, which captures nothing: the floor of the others.
 */
public class ThreadLocals extends Peer {

	private ThreadLocal<Object>[] read;

	private ThreadLocal<Object>[] others;

	@Override
	void declare(int count) {
		this.read = variables(count);
		this.others = variables(count);
	}

	@Override
	void enter(boolean readable) {
		ThreadLocal<Object>[] filled = readable ? this.read : this.others;
		for (int i = 0; i < filled.length; i++) {
			filled[i].set(value(i));
		}
	}

	@Override
	void leave() {
		for (int i = 0; i < this.read.length; i++) {
			this.read[i].remove();
			this.others[i].remove();
		}
	}

	/**
	 * Read a variable.
	 * @return its value
	 */
	public Object get() {
		return this.read[next()].get();
	}

	/**
	 * Set a variable, and set it to what it was.
	 */
	public void setAndRestore() {
		ThreadLocal<Object> variable = this.read[next()];
		Object before = variable.get();
		variable.set(OTHER);
		variable.set(before);
	}

	@SuppressWarnings({ "unchecked", "rawtypes" })
	private static ThreadLocal<Object>[] variables(int count) {
		return IntStream.range(0, count).mapToObj((i) -> new ThreadLocal<>()).toArray(ThreadLocal[]::new);
	}

}

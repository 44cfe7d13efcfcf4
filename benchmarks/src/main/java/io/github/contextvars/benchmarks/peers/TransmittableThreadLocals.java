package io.github.contextvars.benchmarks.peers;

import java.util.stream.IntStream;

import com.alibaba.ttl.TransmittableThreadLocal;
import com.alibaba.ttl.TtlRunnable;

/**
 * {@link Peer} for Alibaba's TransmittableThreadLocal.
 */
public class TransmittableThreadLocals extends Peer {

	private TransmittableThreadLocal<Object>[] read;

	private TransmittableThreadLocal<Object>[] others;

	@Override
	void declare(int count) {
		this.read = variables(count);
		this.others = variables(count);
	}

	@Override
	void enter(boolean readable) {
		TransmittableThreadLocal<Object>[] filled = readable ? this.read : this.others;
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
		TransmittableThreadLocal<Object> variable = this.read[next()];
		Object before = variable.get();
		variable.set(OTHER);
		variable.set(before);
	}

	/**
	 * Capture what the thread holds and run a task with it.
	 * @param task what to run
	 */
	public void captureAndRun(Runnable task) {
		TtlRunnable.get(task).run();
	}

	@SuppressWarnings({ "unchecked", "rawtypes" })
	private static TransmittableThreadLocal<Object>[] variables(int count) {
		return IntStream.range(0, count)
			.mapToObj((i) -> new TransmittableThreadLocal<>())
			.toArray(TransmittableThreadLocal[]::new);
	}

}

package io.github.contextvars.benchmarks.peers;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshotFactory;

/**
 * {@link Peer} for the snapshots of Micrometer's context propagation, over as many
 * {@link ThreadLocal}s.
 */
public class Micrometer extends Peer {

	private ThreadLocal<Object>[] variablesOfThread;

	private ContextSnapshotFactory snapshots;

	@Override
	@SuppressWarnings({ "unchecked", "rawtypes" })
	void declare(int count) {
		ContextRegistry registry = new ContextRegistry();
		this.variablesOfThread = new ThreadLocal[count];
		for (int i = 0; i < count; i++) {
			this.variablesOfThread[i] = new ThreadLocal<>();
			registry.registerThreadLocalAccessor("variable " + i, this.variablesOfThread[i]);
		}
		this.snapshots = ContextSnapshotFactory.builder().contextRegistry(registry).build();
	}

	@Override
	void enter(boolean readable) {
		for (int i = 0; i < this.variablesOfThread.length; i++) {
			this.variablesOfThread[i].set(value(i));
		}
	}

	@Override
	void leave() {
		for (ThreadLocal<Object> variable : this.variablesOfThread) {
			variable.remove();
		}
	}

	/**
	 * Capture all variables and run a task with them.
	 * @param task what to run
	 */
	public void captureAndRun(Runnable task) {
		this.snapshots.captureAll().wrap(task).run();
	}

}

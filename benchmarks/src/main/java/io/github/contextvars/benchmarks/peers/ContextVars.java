package io.github.contextvars.benchmarks.peers;

import java.util.stream.IntStream;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

/**
 * {@link Peer} for this library.
 */
public class ContextVars extends Peer {

	private static final Runnable NOTHING = () -> {
	};

	private final Context idle = new Context();

	private ContextVar<Object>[] read;

	private ContextVar<Object>[] others;

	private Context filled;

	private Context.Scope scope;

	@Override
	void declare(int count) {
		this.read = variables(count);
		this.others = variables(count);
	}

	@Override
	void enter(boolean readable) {
		// Filled once: what that allocates must not count for later iterations.
		if (this.filled == null) {
			this.filled = new Context();
			this.filled.run(() -> fill(readable ? this.read : this.others));
		}
		this.scope = this.filled.enter();
	}

	@Override
	void leave() {
		this.scope.close();
	}

	/**
	 * Read a variable.
	 * @return its value
	 */
	public Object get() {
		return this.read[next()].get();
	}

	/**
	 * Set a variable, and reset it.
	 */
	public void setAndRestore() {
		ContextVar<Object> variable = this.read[next()];
		variable.reset(variable.set(OTHER));
	}

	/**
	 * Capture the current context and run a task in it.
	 * @param task what to run
	 */
	public void captureAndRun(Runnable task) {
		Context.copyOfCurrent().wrap(task).run();
	}

	/**
	 * Copy the current context.
	 * @return the copy
	 */
	public Context copy() {
		return Context.copyOfCurrent();
	}

	/**
	 * Enter and leave an existing context with a callback.
	 */
	public void run() {
		this.idle.run(NOTHING);
	}

	/**
	 * Enter and leave an existing context with a scope.
	 */
	public void enterAndLeave() {
		this.idle.enter().close();
	}

	private static void fill(ContextVar<Object>[] variables) {
		for (int i = 0; i < variables.length; i++) {
			variables[i].set(value(i));
		}
	}

	@SuppressWarnings({ "unchecked", "rawtypes" })
	private static ContextVar<Object>[] variables(int count) {
		return IntStream.range(0, count)
			.mapToObj((i) -> ContextVar.of("variable " + i, (Object) "default"))
			.toArray(ContextVar[]::new);
	}

}

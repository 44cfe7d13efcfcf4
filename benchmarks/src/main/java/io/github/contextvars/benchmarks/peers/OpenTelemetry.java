package io.github.contextvars.benchmarks.peers;

import java.util.stream.IntStream;

import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;
import io.opentelemetry.context.Scope;

/**
 * {@link Peer} for OpenTelemetry's Context.
 */
public class OpenTelemetry extends Peer {

	private ContextKey<Object>[] read;

	private ContextKey<Object>[] others;

	// Another context than the current one, because OpenTelemetry does not attach a
	// context that is already current.
	private Context captured;

	private Scope scope;

	@Override
	void declare(int count) {
		this.read = keys(count);
		this.others = keys(count);
	}

	@Override
	@SuppressWarnings("MustBeClosedChecker")
	void enter(boolean readable) {
		this.captured = filled(readable);
		this.scope = filled(readable).makeCurrent();
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
		return Context.current().get(this.read[next()]);
	}

	/**
	 * Make a context with another value current, and leave it.
	 */
	public void setAndRestore() {
		try (Scope entered = Context.current().with(this.read[next()], OTHER).makeCurrent()) {
			return;
		}
	}

	/**
	 * Capture the current context, and run a task in another one of the same size.
	 * @param task what to run
	 * @return what was captured
	 */
	public Object captureAndRun(Runnable task) {
		Context current = Context.current();
		this.captured.wrap(task).run();
		return current;
	}

	private Context filled(boolean readable) {
		ContextKey<Object>[] keys = readable ? this.read : this.others;
		Context context = Context.root();
		for (int i = 0; i < keys.length; i++) {
			context = context.with(keys[i], value(i));
		}
		return context;
	}

	@SuppressWarnings({ "unchecked", "rawtypes" })
	private static ContextKey<Object>[] keys(int count) {
		return IntStream.range(0, count).mapToObj((i) -> ContextKey.named("key " + i)).toArray(ContextKey[]::new);
	}

}

package io.github.contextvars.benchmarks.peers;

import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;

import io.grpc.Context;

/**
 * {@link Peer} for the Context of gRPC.
 */
public class Grpc extends Peer {

	private static final Logger logger = Logger.getLogger(Context.class.getName());

	private Context.Key<Object>[] read;

	private Context.Key<Object>[] others;

	private Context captured;

	private Context entered;

	private Context before;

	@Override
	void declare(int count) {
		// gRPC warns of contexts that were derived from one another a thousand times.
		logger.setLevel(Level.OFF);
		this.read = keys(count);
		this.others = keys(count);
	}

	@Override
	void enter(boolean readable) {
		this.captured = filled(readable);
		this.entered = filled(readable);
		this.before = this.entered.attach();
	}

	@Override
	void leave() {
		this.entered.detach(this.before);
	}

	/**
	 * Read a variable.
	 * @return its value
	 */
	public Object get() {
		return this.read[next()].get();
	}

	/**
	 * Attach a context with another value, and detach it.
	 */
	public void setAndRestore() {
		Context context = Context.current().withValue(this.read[next()], OTHER);
		context.detach(context.attach());
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
		Context.Key<Object>[] keys = readable ? this.read : this.others;
		Context context = Context.ROOT;
		for (int i = 0; i < keys.length; i++) {
			context = context.withValue(keys[i], value(i));
		}
		return context;
	}

	@SuppressWarnings({ "unchecked", "rawtypes" })
	private static Context.Key<Object>[] keys(int count) {
		return IntStream.range(0, count).mapToObj((i) -> Context.key("key " + i)).toArray(Context.Key[]::new);
	}

}

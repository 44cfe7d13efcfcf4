package io.github.contextvars.spring.threadlocal;

import io.micrometer.context.ThreadLocalAccessor;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;

/**
 * Carries contexts wherever Micrometer's context propagation does: in a
 * {@code ContextSnapshot}, and through Reactor's operators in automatic mode. Micrometer
 * finds it through its service file.
 * <p>
 * A thread without a context is captured as an empty one, so that absence is carried as
 * well. Each time a captured value is set, the thread enters a fresh copy of it;
 * restoring leaves what was entered since the value to be restored was read. Nothing here
 * throws: an accessor that did would leave the values of all others behind.
 */
public final class ContextThreadLocalAccessor implements ThreadLocalAccessor<ContextThreadLocalAccessor.Captured> {

	/**
	 * The key under which values are captured.
	 */
	public static final String KEY = "io.github.contextvars";

	private static final ThreadLocal<@Nullable Frame> INNERMOST = new ThreadLocal<>();

	@Override
	public Object key() {
		return KEY;
	}

	@Override
	public Captured getValue() {
		return new Captured(Context.copyOfCurrent(), innermost());
	}

	@Override
	public void setValue(Captured value) {
		enter(value.values.copy());
	}

	@Override
	public void setValue() {
		enter(new Context());
	}

	@Override
	public void restore(Captured previous) {
		Frame frame = innermost();
		while (frame != null && frame != previous.frame) {
			frame = frame.outer;
		}
		if (frame == previous.frame) {
			leaveDownTo(frame);
		}
	}

	@Override
	public void restore() {
		leaveDownTo(null);
	}

	private static void enter(Context context) {
		INNERMOST.set(new Frame(context.enter(), innermost()));
	}

	private static void leaveDownTo(@Nullable Frame outer) {
		Frame frame = innermost();
		while (frame != null && frame != outer) {
			frame.scope.close();
			frame = frame.outer;
		}
		if (frame != null) {
			INNERMOST.set(frame);
		}
		else {
			INNERMOST.remove();
		}
	}

	private static @Nullable Frame innermost() {
		Frame frame = INNERMOST.get();
		if (frame == null) {
			// get() has left an entry for the null that it returned.
			INNERMOST.remove();
		}
		return frame;
	}

	/**
	 * What a thread's context held at a moment.
	 */
	public static final class Captured {

		private final Context values;

		private final @Nullable Frame frame;

		private Captured(Context values, @Nullable Frame frame) {
			this.values = values;
			this.frame = frame;
		}

		@Override
		public String toString() {
			return this.values.toString();
		}

	}

	private static final class Frame {

		private final Context.Scope scope;

		private final @Nullable Frame outer;

		private Frame(Context.Scope scope, @Nullable Frame outer) {
			this.scope = scope;
			this.outer = outer;
		}

	}

}

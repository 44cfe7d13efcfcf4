package io.github.contextvars.spring.threadlocal;

import io.micrometer.context.ThreadLocalAccessor;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;
import io.github.contextvars.spring.work.RunningApplications;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * {@link ThreadLocalAccessor} that propagates contexts in Micrometer's
 * {@code ContextSnapshot}s, and with these through Reactor's operators in automatic mode.
 * Micrometer loads it as a service.
 * <p>
 * A thread without a context is captured as an empty one, so that absence is propagated
 * too. Each time a captured value is set, the thread enters a fresh copy of it. Restoring
 * leaves what was entered since the value to be restored was read. No method throws: an
 * accessor that does makes Micrometer lose the values of all others.
 *
 * @since 0.1.0
 * @see io.micrometer.context.ContextRegistry
 */
public final class ContextThreadLocalAccessor implements ThreadLocalAccessor<ContextThreadLocalAccessor.Captured> {

	/**
	 * The key under which values are captured.
	 */
	public static final String KEY = WorkSnapshot.KEY;

	private static final ThreadLocal<@Nullable Frame> INNERMOST = new ThreadLocal<>();

	@Override
	public Object key() {
		return KEY;
	}

	@Override
	public Captured getValue() {
		return new Captured(RunningApplications.workRegistry().captureContext(UnitOfWork.Kind.TASK), innermost());
	}

	@Override
	public void setValue(Captured value) {
		push(value.snapshot.open());
	}

	@Override
	public void setValue() {
		push(new Context().enter());
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

	private static void push(Context.Scope scope) {
		INNERMOST.set(new Frame(scope, innermost()));
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
	 * Captured context of a thread.
	 */
	public static final class Captured {

		private final WorkSnapshot snapshot;

		private final @Nullable Frame frame;

		private Captured(WorkSnapshot snapshot, @Nullable Frame frame) {
			this.snapshot = snapshot;
			this.frame = frame;
		}

		/**
		 * Create a captured context that no thread is to be restored to.
		 * @param snapshot what was captured
		 */
		Captured(WorkSnapshot snapshot) {
			this(snapshot, null);
		}

		/**
		 * Return what was captured.
		 * @return the snapshot
		 */
		WorkSnapshot snapshot() {
			return this.snapshot;
		}

		@Override
		public String toString() {
			return this.snapshot.toString();
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

package io.github.contextvars;

import org.jspecify.annotations.Nullable;

/**
 * One {@link Context#enter()}: a frame of a {@link ThreadStack} that its opener holds the
 * handle of. Once closed it refers to no context any more.
 */
final class EnteredScope implements Context.Scope {

	private static final boolean TRACE = Boolean.getBoolean("contextvars.trace");

	private final Thread thread = Thread.currentThread();

	private final int depth;

	// Null once closed.
	@Nullable Context context;

	@Nullable Throwable enteredAt;

	private @Nullable Context outer;

	private @Nullable ThreadStack stack;

	EnteredScope(Context context, ThreadStack stack, @Nullable Context outer, int depth) {
		this.context = context;
		this.stack = stack;
		this.outer = outer;
		this.depth = depth;
		this.enteredAt = TRACE ? new Throwable("entered here, by thread '" + this.thread.getName() + "'") : null;
	}

	@Override
	public void close() {
		Thread closer = Thread.currentThread();
		if (closer != this.thread) {
			throw new IllegalStateException("Scope was opened by thread '" + this.thread.getName()
					+ "' and cannot be closed by thread '" + closer.getName() + "'; close it where it was opened",
					this.enteredAt);
		}
		if (this.stack != null && this.context != null) {
			this.stack.leave(this, this.context, this.outer, this.depth);
		}
	}

	void forgetEverything() {
		this.context = null;
		this.enteredAt = null;
		this.outer = null;
		this.stack = null;
	}

}

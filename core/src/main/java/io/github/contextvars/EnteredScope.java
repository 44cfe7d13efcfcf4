package io.github.contextvars;

import org.jspecify.annotations.Nullable;

/**
 * {@link Context.Scope} of one {@link Context#enter()}, which is also a frame of the
 * {@link ThreadStack}. Once closed, it refers to no context.
 */
final class EnteredScope implements Context.Scope {

	private static final boolean TRACE = Boolean.getBoolean("contextvars.trace");

	private final Thread thread;

	// All null once closed.
	@Nullable Context context;

	@Nullable Context below;

	@Nullable Throwable enteredAt;

	private @Nullable ThreadStack stack;

	EnteredScope(ThreadStack stack, @Nullable Context below, Context context) {
		this.thread = stack.thread;
		this.stack = stack;
		this.below = below;
		this.context = context;
		this.enteredAt = TRACE ? new Throwable("entered here, by thread '" + stack.thread.getName() + "'") : null;
	}

	@Override
	public void close() {
		Thread closer = Thread.currentThread();
		if (closer != this.thread) {
			throw new IllegalStateException("Scope was opened by thread '" + this.thread.getName()
					+ "' and cannot be closed by thread '" + closer.getName() + "'; close it where it was opened",
					this.enteredAt);
		}
		ThreadStack stack = this.stack;
		Context context = this.context;
		if (stack != null && context != null && context.frame == this) {
			stack.leave(this, context);
		}
	}

	void clear() {
		this.context = null;
		this.below = null;
		this.enteredAt = null;
		this.stack = null;
	}

}

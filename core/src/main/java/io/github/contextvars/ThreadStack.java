package io.github.contextvars;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/*
 * How it works
 *
 * The contexts that a thread has entered; the top one is current, and below the first lies the
 * thread's base context, if it has one. The stack hangs in a ThreadLocal for as long as there
 * is anything in it, and not a moment longer.
 *
 * A frame is the Context itself where run() or call() entered it, and the EnteredScope where
 * enter() did. So whoever leaves can tell whether the frame at its depth is still its own: it
 * is not if an outer scope was closed first and healed the stack.
 *
 * Leaving must work when nothing else does. With the stack exhausted, any method call throws
 * StackOverflowError, the one that is to leave the context included. Therefore what makes the
 * outer context current again stands in the finally block of call() itself, and is made of
 * field accesses only; what is called after that may fail without anything being left dirty.
 * For the same reason push() changes nothing before the last thing in it that can throw.
 */
final class ThreadStack {

	private static final ThreadLocal<@Nullable ThreadStack> STACKS = new ThreadLocal<>();

	private static final System.Logger logger = System.getLogger("io.github.contextvars");

	private static final AtomicLong forgottenScopes = new AtomicLong();

	private static volatile @Nullable Consumer<? super ContextVar<?>> baseContextHandler;

	private @Nullable Context current;

	private @Nullable Context base;

	private @Nullable Object[] frames = new Object[8];

	private int depth;

	private ThreadStack() {
	}

	static @Nullable Context current() {
		ThreadStack stack = STACKS.get();
		if (stack == null) {
			// get() has left an entry for the null that it returned.
			STACKS.remove();
			return null;
		}
		return stack.current;
	}

	static Context currentOrBase(ContextVar<?> var) {
		Context context = current();
		if (context != null) {
			return context;
		}
		Consumer<? super ContextVar<?>> handler = baseContextHandler;
		if (handler != null) {
			// In a context of its own: a handler that sets a variable must not call
			// itself.
			new Context().run(() -> handler.accept(var));
		}
		Context base = new Context();
		ThreadStack stack = ofCurrentThread();
		stack.base = base;
		stack.current = base;
		return base;
	}

	static void onBaseContext(@Nullable Consumer<? super ContextVar<?>> handler) {
		baseContextHandler = handler;
	}

	/**
	 * Run one of two bodies in a context; the other is null. One method for both, as the
	 * way out must not be written twice and must not be a method of its own.
	 * @param <R> the type of the operation's result
	 * @param <X> the type of the operation's exception
	 * @param context the context to run in
	 * @param task the body if it returns nothing
	 * @param operation the body if it returns something
	 * @return the operation's result, or null for a task
	 * @throws X what the operation throws
	 */
	static <R extends @Nullable Object, X extends Throwable> @Nullable R call(Context context, @Nullable Runnable task,
			Context.@Nullable CallableOp<? extends R, X> operation) throws X {
		ThreadStack stack = ofCurrentThread();
		Context outer = stack.current;
		int at = stack.push(context, context);
		try {
			if (operation != null) {
				return operation.call();
			}
			if (task != null) {
				task.run();
			}
			return null;
		}
		finally {
			int top = stack.depth - 1;
			if (top >= at && stack.frames[at] == context) {
				stack.depth = at;
				stack.current = outer;
				stack.frames[at] = null;
				context.enteredBy = null;
				stack.tidy(at, top);
			}
		}
	}

	static EnteredScope enter(Context context) {
		ThreadStack stack = ofCurrentThread();
		EnteredScope scope = new EnteredScope(context, stack, stack.current, stack.depth);
		stack.push(context, scope);
		return scope;
	}

	void leave(EnteredScope scope, Context context, @Nullable Context outer, int at) {
		int top = this.depth - 1;
		this.depth = at;
		this.current = outer;
		this.frames[at] = null;
		scope.context = null;
		context.enteredBy = null;
		scope.forgetEverything();
		tidy(at, top);
	}

	private int push(Context context, Object frame) {
		int at = this.depth;
		try {
			if (at == this.frames.length) {
				this.frames = Arrays.copyOf(this.frames, 2 * at);
			}
			context.occupy();
		}
		catch (Throwable ex) {
			discardIfEmpty();
			throw ex;
		}
		this.frames[at] = frame;
		this.depth = at + 1;
		this.current = context;
		return at;
	}

	private void tidy(int from, int top) {
		if (top == from) {
			discardIfEmpty();
			return;
		}
		// A logger may be anybody's code, and may run contexts itself: it is called when
		// all are left.
		List<Leak> leaks = new ArrayList<>();
		for (int i = top; i > from; i--) {
			forget(this.frames[i], leaks);
			this.frames[i] = null;
		}
		discardIfEmpty();
		leaks.forEach(ThreadStack::report);
	}

	private static void forget(@Nullable Object frame, List<Leak> leaks) {
		if (frame instanceof Context context) {
			context.enteredBy = null;
			leaks.add(new Leak(context, null));
		}
		else if (frame instanceof EnteredScope scope && scope.context != null) {
			Context context = scope.context;
			Throwable enteredAt = scope.enteredAt;
			context.enteredBy = null;
			scope.forgetEverything();
			leaks.add(new Leak(context, enteredAt));
		}
	}

	static long forgottenScopes() {
		return forgottenScopes.get();
	}

	private static void report(Leak leak) {
		try {
			forgottenScopes.incrementAndGet();
			logger.log(Level.WARNING,
					leak.context + " was still entered by thread '" + Thread.currentThread().getName()
							+ "' when an outer context was left, and has been left with it;"
							+ " close each scope in the block that opened it, with try-with-resources",
					leak.enteredAt);
		}
		catch (Throwable ex) {
			// A logger that fails must not keep a thread in a context that is not its
			// own.
		}
	}

	private void discardIfEmpty() {
		if (this.depth == 0 && this.base == null) {
			STACKS.remove();
		}
	}

	private static ThreadStack ofCurrentThread() {
		ThreadStack stack = STACKS.get();
		if (stack == null) {
			stack = new ThreadStack();
			STACKS.set(stack);
		}
		return stack;
	}

	private record Leak(Context context, @Nullable Throwable enteredAt) {
	}

}

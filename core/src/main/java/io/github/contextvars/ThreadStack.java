package io.github.contextvars;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;

/*
 * How it works
 *
 * The stack of the contexts that a thread has entered. The top one is current, and below the
 * first lies the thread's base context, if it has one. As a context is entered at most once at a
 * time, the stack is linked through the contexts themselves: the frame of an entered context is
 * the context below it, or, if enter() entered it, the EnteredScope that knows the context below.
 * So neither entering nor leaving allocates anything, except for the first context of a thread.
 *
 *     ThreadStack ─current─► Context ─frame─► Context ─frame─► EnteredScope ─below─► Context
 *
 * Leaving searches the stack from the top for its own context. It is not there if an outer scope
 * was closed first and healed the stack. What lies above it was leaked: that is put aside at once,
 * and healed when there is enough stack and memory, by a frame further out if necessary.
 *
 * Leaving must work when nothing else does. With the stack exhausted, each method call throws
 * StackOverflowError, also a call that would leave the context. Therefore the code that makes the
 * outer context current again stands in the finally block of call() itself, and consists of field
 * accesses only. Calls after that may fail without leaving the thread in the wrong context. For
 * the same reason, entering changes nothing before the last step that can throw. (release() is a
 * call nevertheless, because it is a third faster than the volatile write that replaces it where
 * it cannot be called.)
 *
 * A context that wrap…() created is known to the stack only. No other thread can try to enter it,
 * so it is not acquired, which saves the atomic instructions.
 */
final class ThreadStack {

	private static final AtomicLong leakedScopes = new AtomicLong();

	final Thread thread;

	// Where the ThreadTable keeps this stack, while it does.
	ThreadTable.@Nullable Entry entry;

	private @Nullable Context current;

	private @Nullable Context base;

	// Contexts that were left with an outer one and have yet to be released and reported,
	// linked by their frames as when they were entered.
	private @Nullable Context leaked;

	ThreadStack(Thread thread) {
		this.thread = thread;
	}

	/**
	 * Enter and leave once, to load and link all classes that this needs: at the first
	 * use there may not be enough stack to load a class.
	 */
	static void warmUp() {
		Leak.load();
		OutsideHandlers.load();
		enter(new Context()).close();
		ThreadStack.<@Nullable Void, RuntimeException>call(new Context(), true, null, null);
	}

	static @Nullable Context current() {
		ThreadStack stack = ThreadTable.find();
		return (stack != null) ? stack.current : null;
	}

	static Context currentOrBase(ContextVar<?> var) {
		Context context = current();
		return (context != null) ? context : createBase(var);
	}

	private static Context createBase(ContextVar<?> var) {
		OutsideHandlers.beforeSet(var);
		Context base = new Context();
		ThreadStack stack = ThreadTable.add();
		stack.base = base;
		stack.current = base;
		return base;
	}

	/**
	 * Run one of two bodies in a context; the other is null. One method for both, because
	 * leaving must not be written twice and must not be a separate method.
	 * @param <R> the type of the operation's result
	 * @param <X> the type of the operation's exception
	 * @param context the context to run in
	 * @param shared whether other threads may have the context, and try to enter it
	 * @param task the body that returns nothing
	 * @param operation the body that returns a result
	 * @return the operation's result, or null for a task
	 * @throws X what the operation throws
	 */
	@SuppressWarnings("ReferenceEquality") // contexts are equal by content
	static <R extends @Nullable Object, X extends Throwable> @Nullable R call(Context context, boolean shared,
			@Nullable Runnable task, Context.@Nullable CallableOp<? extends R, X> operation) throws X {
		ThreadStack stack = ofCurrentThread();
		if (shared) {
			stack.acquire(context);
		}
		context.frame = stack.current;
		stack.current = context;
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
			Context top = stack.current;
			Context lowest = null;
			Context found = top;
			while (found != null && found != context) {
				lowest = found;
				Object frame = found.frame;
				found = (frame instanceof EnteredScope scope) ? scope.below : (Context) frame;
			}
			if (found != null && !(found.frame instanceof EnteredScope)) {
				Context outer = (Context) context.frame;
				stack.current = outer;
				context.frame = null;
				if (lowest != null) {
					if (lowest.frame instanceof EnteredScope scope) {
						scope.below = stack.leaked;
					}
					else {
						lowest.frame = stack.leaked;
					}
					stack.leaked = top;
				}
				if (shared) {
					try {
						context.release();
					}
					catch (Throwable ex) {
						context.enteredBy = null;
					}
				}
				if (outer == stack.base || lowest != null) {
					stack.cleanUp();
				}
			}
		}
	}

	static EnteredScope enter(Context context) {
		ThreadStack stack = ofCurrentThread();
		EnteredScope scope;
		try {
			scope = new EnteredScope(stack, stack.current, context);
		}
		catch (Throwable ex) {
			stack.removeIfIdle();
			throw ex;
		}
		stack.acquire(context);
		context.frame = scope;
		stack.current = context;
		return scope;
	}

	/**
	 * Leave the context that a scope entered, in the way that {@link #call} leaves.
	 * Changes nothing before the last call that could fail.
	 * @param scope the frame of the context
	 * @param context the context
	 */
	@SuppressWarnings("ReferenceEquality") // contexts are equal by content
	void leave(EnteredScope scope, Context context) {
		Context top = this.current;
		Context lowest = null;
		Context found = top;
		while (found != null && found != context) {
			lowest = found;
			found = below(found);
		}
		if (found != null) {
			this.current = scope.below;
			context.frame = null;
			if (lowest != null) {
				if (lowest.frame instanceof EnteredScope inner) {
					inner.below = this.leaked;
				}
				else {
					lowest.frame = this.leaked;
				}
				this.leaked = top;
			}
			context.enteredBy = null;
			scope.clear();
		}
		cleanUp();
	}

	private void acquire(Context context) {
		try {
			context.acquire(this.thread);
		}
		catch (Throwable ex) {
			removeIfIdle();
			throw ex;
		}
	}

	private void cleanUp() {
		if (this.leaked == null) {
			removeIfIdle();
			return;
		}
		List<Leak> leaks = heal();
		removeIfIdle();
		// A logger may be any code, and may run contexts: it is called when all are left.
		leaks.forEach(ThreadStack::report);
	}

	@SuppressWarnings("ReferenceEquality") // contexts are equal by content
	private void removeIfIdle() {
		if (this.current == this.base) {
			ThreadTable.remove(this, this.base != null);
		}
	}

	private List<Leak> heal() {
		List<Leak> leaks = new ArrayList<>();
		for (Context context = this.leaked; context != null; context = this.leaked) {
			EnteredScope scope = (context.frame instanceof EnteredScope frame) ? frame : null;
			leaks.add(new Leak(context, (scope != null) ? scope.enteredAt : null));
			// From here on nothing can fail and leave the context entered.
			this.leaked = (scope != null) ? scope.below : (Context) context.frame;
			context.frame = null;
			context.enteredBy = null;
			if (scope != null) {
				scope.clear();
			}
		}
		return leaks;
	}

	private static @Nullable Context below(Context context) {
		return (context.frame instanceof EnteredScope scope) ? scope.below : (Context) context.frame;
	}

	@SuppressWarnings("ReferenceEquality") // contexts are equal by content
	static int depth() {
		ThreadStack stack = ThreadTable.find();
		int depth = 0;
		if (stack != null) {
			for (Context context = stack.current; context != null && context != stack.base; context = below(context)) {
				depth++;
			}
		}
		return depth;
	}

	static long leakedScopes() {
		return leakedScopes.get();
	}

	private static void report(Leak leak) {
		try {
			leakedScopes.incrementAndGet();
			// Not kept in a field, because finding loggers may run code that reads
			// variables.
			System.getLogger("io.github.contextvars")
				.log(Level.WARNING,
						leak.context + " was still entered by thread '" + Thread.currentThread().getName()
								+ "' when an outer context was left, and has been left with it;"
								+ " close each scope in the block that opened it, with try-with-resources",
						leak.enteredAt);
		}
		catch (Throwable ex) {
			// A logger that fails must not keep a thread in a context.
		}
	}

	@SuppressWarnings("ReferenceEquality") // contexts are equal by content
	private static ThreadStack ofCurrentThread() {
		ThreadStack stack = ThreadTable.find();
		return (stack != null && stack.entry != null) ? stack : ThreadTable.addEntered();
	}

	private record Leak(Context context, @Nullable Throwable enteredAt) {

		static void load() {
		}

	}

}

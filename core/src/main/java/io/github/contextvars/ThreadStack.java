package io.github.contextvars;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/*
 * How it works
 *
 * The contexts that a thread has entered; the top one is current, and below the first lies the
 * thread's base context, if it has one. As a context is entered once at a time, the stack is
 * linked through the contexts themselves: the frame of an entered context is the context below
 * it, or the EnteredScope that knows the context below it if enter() made the entry. So neither
 * entering nor leaving allocates anything, but for the first context of a thread.
 *
 *     ThreadStack ─current─► Context ─frame─► Context ─frame─► EnteredScope ─below─► Context
 *
 * Whoever leaves looks for its own context from the top: it is gone if an outer scope was closed
 * first and healed the stack, and what lies above it was forgotten. That is put aside at once, and
 * healed when there is the stack and the memory for it, by a frame further out if need be.
 *
 * Leaving must work when nothing else does. With the stack exhausted, any method call throws
 * StackOverflowError, the one that is to leave the context included. Therefore what makes the
 * outer context current again stands in the finally block of call() itself, and is made of
 * field accesses only; what is called after that may fail without anything being left dirty.
 * For the same reason entering changes nothing before the last thing in it that can throw.
 * (vacate() is called all the same, as it is a third faster than the volatile write that takes
 * over where it can't be called.)
 *
 * A context that wrap…() made is known to nobody but the stack: no one else can try to enter it,
 * so no atomic instruction is spent on it.
 */
final class ThreadStack {

	private static final AtomicLong leakedScopes = new AtomicLong();

	private static volatile @Nullable Consumer<? super ContextVar<?>> baseContextHandler;

	final Thread thread;

	// Where the ThreadTable keeps this stack, while it does.
	ThreadTable.@Nullable Entry entry;

	private @Nullable Context current;

	private @Nullable Context base;

	// Contexts that were left with one around them and still have to be given back and
	// reported; linked by their frames, as when they were entered.
	private @Nullable Context forgotten;

	ThreadStack(Thread thread) {
		this.thread = thread;
	}

	/**
	 * Enter and leave once, to load and link all that this takes: where it is needed
	 * first, there may be no stack to load a class on.
	 */
	static void warmUp() {
		Leak.load();
		enter(new Context()).close();
		ThreadStack.<@Nullable Void, RuntimeException>call(new Context(), true, null, null);
	}

	static @Nullable Context current() {
		ThreadStack stack = ThreadTable.find();
		return (stack != null) ? stack.current : null;
	}

	static Context currentOrBase(ContextVar<?> var) {
		Context context = current();
		return (context != null) ? context : makeBase(var);
	}

	private static Context makeBase(ContextVar<?> var) {
		Consumer<? super ContextVar<?>> handler = baseContextHandler;
		if (handler != null) {
			// In a context of its own: a handler that sets a variable must not call
			// itself.
			new Context().run(() -> handler.accept(var));
		}
		Context base = new Context();
		ThreadStack stack = ThreadTable.add();
		stack.base = base;
		stack.current = base;
		return base;
	}

	static void onSetOutside(@Nullable Consumer<? super ContextVar<?>> handler) {
		baseContextHandler = handler;
	}

	/**
	 * Run one of two bodies in a context; the other is null. One method for both, as the
	 * way out must not be written twice and must not be a method of its own.
	 * @param <R> the type of the operation's result
	 * @param <X> the type of the operation's exception
	 * @param context the context to run in
	 * @param shared whether anyone else has the context and may enter it too
	 * @param task the body if it returns nothing
	 * @param operation the body if it returns something
	 * @return the operation's result, or null for a task
	 * @throws X what the operation throws
	 */
	@SuppressWarnings("ReferenceEquality") // contexts are equal by content
	static <R extends @Nullable Object, X extends Throwable> @Nullable R call(Context context, boolean shared,
			@Nullable Runnable task, Context.@Nullable CallableOp<? extends R, X> operation) throws X {
		ThreadStack stack = ofCurrentThread();
		if (shared) {
			stack.occupy(context);
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
						scope.below = stack.forgotten;
					}
					else {
						lowest.frame = stack.forgotten;
					}
					stack.forgotten = top;
				}
				if (shared) {
					try {
						context.vacate();
					}
					catch (Throwable ex) {
						context.enteredBy = null;
					}
				}
				if (outer == stack.base || lowest != null) {
					stack.tidy();
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
			stack.releaseIfIdle();
			throw ex;
		}
		stack.occupy(context);
		context.frame = scope;
		stack.current = context;
		return scope;
	}

	/**
	 * Leave what a scope entered, as {@link #call} does for itself. Changes nothing
	 * before the last call that could fail.
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
					inner.below = this.forgotten;
				}
				else {
					lowest.frame = this.forgotten;
				}
				this.forgotten = top;
			}
			context.enteredBy = null;
			scope.forgetEverything();
		}
		tidy();
	}

	private void occupy(Context context) {
		try {
			context.occupy(this.thread);
		}
		catch (Throwable ex) {
			releaseIfIdle();
			throw ex;
		}
	}

	private void tidy() {
		if (this.forgotten == null) {
			releaseIfIdle();
			return;
		}
		List<Leak> leaks = heal();
		releaseIfIdle();
		// A logger may be anybody's code, and may run contexts itself: it is called when
		// all are left.
		leaks.forEach(ThreadStack::report);
	}

	@SuppressWarnings("ReferenceEquality") // contexts are equal by content
	private void releaseIfIdle() {
		if (this.current == this.base) {
			ThreadTable.release(this, this.base != null);
		}
	}

	private List<Leak> heal() {
		List<Leak> leaks = new ArrayList<>();
		for (Context context = this.forgotten; context != null; context = this.forgotten) {
			EnteredScope scope = (context.frame instanceof EnteredScope frame) ? frame : null;
			leaks.add(new Leak(context, (scope != null) ? scope.enteredAt : null));
			// Nothing fails from here on that the context could be left entered by.
			this.forgotten = (scope != null) ? scope.below : (Context) context.frame;
			context.frame = null;
			context.enteredBy = null;
			if (scope != null) {
				scope.forgetEverything();
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
			// Asked for here, as finding loggers may run code that reads variables.
			System.getLogger("io.github.contextvars")
				.log(Level.WARNING,
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

package io.github.contextvars;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/**
 * Program that runs contexts in contexts until the stack is exhausted, and checks the
 * state after that. Needs none of the test libraries, so that it can run in another JVM.
 */
public final class StackExhaustion {

	private static final ContextVar<Integer> VAR = ContextVar.of("var", -1);

	private final boolean scopes;

	private final List<Context> entered = new ArrayList<>();

	private int retries = 40;

	private int overflows;

	private StackExhaustion(boolean scopes) {
		this.scopes = scopes;
	}

	public static void main(String[] args) throws Exception {
		int overflows = 0;
		for (int padding = 0; padding < Integer.parseInt(args[0]); padding++) {
			overflows += probe(padding, padding % 2 == 1);
		}
		System.out.println("overflows: " + overflows);
	}

	/**
	 * Exhaust a thread's stack.
	 * @param padding how many frames lie below the first context, so that each padding
	 * meets the end of the stack somewhere else
	 * @param scopes whether to enter with {@code enter()} at every other level
	 * @return how often the stack was exhausted
	 */
	static int probe(int padding, boolean scopes) throws Exception {
		Callable<Integer> body = () -> {
			StackExhaustion exhaustion = new StackExhaustion(scopes);
			Context outer = new Context();
			outer.run(() -> {
				VAR.set(-2);
				pad(padding, exhaustion);
				require(VAR.get() == -2, "the thread is not back in the outer context");
			});
			require(VAR.get() == -1, "the thread is not out of all contexts");
			exhaustion.entered.add(outer);
			for (Context context : exhaustion.entered) {
				context.run(() -> require(context.equals(Context.copyOfCurrent()), "another context is current"));
			}
			require(VAR.get() == -1, "the thread is not out of all contexts again");
			require(exhaustion.overflows > 0, "the stack was not exhausted");
			return exhaustion.overflows;
		};
		FutureTask<Integer> task = new FutureTask<>(body);
		new Thread(null, task, "small-stack", 200_000).start();
		try {
			return task.get();
		}
		catch (Exception ex) {
			throw new AssertionError("padding " + padding + ", scopes " + scopes, ex);
		}
	}

	private static void pad(int frames, StackExhaustion exhaustion) {
		if (frames > 0) {
			padWithLocals(frames - 1, exhaustion, frames, frames * 2L);
		}
		else {
			try {
				exhaustion.descend(0);
			}
			catch (StackOverflowError ex) {
				exhaustion.overflows++;
			}
		}
	}

	private static long padWithLocals(int frames, StackExhaustion exhaustion, int a, long b) {
		if (frames % 3 == 0) {
			long c = a + b;
			pad(frames, exhaustion);
			return c;
		}
		pad(frames, exhaustion);
		return b;
	}

	private void descend(int depth) {
		Context context = new Context();
		this.entered.add(context);
		try {
			if (this.scopes && depth % 2 == 1) {
				try (Context.Scope scope = context.enter()) {
					inside(depth);
				}
			}
			else if (depth % 4 == 2) {
				context.call(() -> {
					inside(depth);
					return null;
				});
			}
			else {
				context.run(() -> inside(depth));
			}
		}
		catch (StackOverflowError ex) {
			this.overflows++;
			if (this.retries > 0) {
				this.retries--;
				descend(depth + 1);
			}
			throw ex;
		}
	}

	private void inside(int depth) {
		VAR.set(depth);
		try {
			descend(depth + 1);
		}
		finally {
			// Where scopes could not be closed for want of stack, an outer run() heals.
			if (!this.scopes && VAR.get() != depth) {
				// No concatenation: there is no stack to link it on.
				throw new IllegalStateException("the thread is not back in the context around");
			}
		}
	}

	private static void require(boolean condition, String message) {
		if (!condition) {
			throw new IllegalStateException(message);
		}
	}

}

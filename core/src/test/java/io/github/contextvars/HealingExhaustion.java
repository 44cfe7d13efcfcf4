package io.github.contextvars;

/**
 * Program that uses the library for the first time and closes a scope around leaked ones,
 * at every distance from the end of the stack. Needs none of the test libraries, so that
 * it can run in another JVM.
 */
public final class HealingExhaustion {

	private static final ContextVar<String> VAR = ContextVar.of("var", "none");

	private static int overflows;

	private HealingExhaustion() {
	}

	public static void main(String[] args) throws Exception {
		for (int depth = 0; depth < Integer.parseInt(args[0]); depth++) {
			probe(depth, false);
			probe(depth, true);
		}
		System.out.println("overflows: " + overflows);
	}

	private static void probe(int distance, boolean closeAtOnce) throws Exception {
		Throwable[] failure = new Throwable[1];
		Thread thread = new Thread(null, () -> {
			try {
				heal(distance, closeAtOnce);
			}
			catch (Throwable ex) {
				failure[0] = ex;
			}
		}, "small-stack", 150_000);
		thread.start();
		thread.join();
		if (failure[0] != null) {
			throw new AssertionError("distance " + distance, failure[0]);
		}
	}

	private static void heal(int distance, boolean closeAtOnce) {
		Context[] contexts = { new Context(), new Context(), new Context() };
		Context.Scope[] scopes = new Context.Scope[3];
		new Context().run(() -> {
			for (int i = 0; i < 3; i++) {
				scopes[i] = contexts[i].enter();
				VAR.set("secret " + i);
			}
			nearTheEnd(distance, scopes[0]::close);
		});
		require(VAR.get().equals("none"));
		for (int i = 0; i < 3; i++) {
			String mine = "secret " + i;
			if (closeAtOnce) {
				scopes[i].close();
				require(VAR.get().equals("none"));
			}
			contexts[i].run(() -> require(VAR.get().equals(mine)));
		}
		require(VAR.get().equals("none"));
	}

	/**
	 * Run a body so deep in the stack that only so many frames are left.
	 */
	private static void nearTheEnd(int frames, Runnable body) {
		int[] depth = new int[1];
		try {
			descend(depth, Integer.MAX_VALUE, body);
		}
		catch (StackOverflowError ex) {
			// depth[0] frames fit
		}
		try {
			descend(new int[1], depth[0] - frames, body);
		}
		catch (StackOverflowError ex) {
			overflows++;
		}
	}

	private static void descend(int[] depth, int last, Runnable body) {
		if (depth[0]++ < last) {
			descend(depth, last, body);
		}
		else {
			body.run();
		}
	}

	private static void require(boolean condition) {
		if (!condition) {
			throw new IllegalStateException("read: " + VAR.get());
		}
	}

}

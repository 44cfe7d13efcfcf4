package io.github.contextvars;

/**
 * Uses the library with hardly any memory left, so that its own allocations fail, one
 * here and another one there, and looks at what is left. To be run in a JVM of its own,
 * with a small heap.
 */
public final class MemoryExhaustion {

	private static final Object NONE = "none";

	private static final ContextVar<Object> VAR = ContextVar.of("var", NONE);

	private static final Object[] NOTHING = {};

	private static Object[] hoard = NOTHING;

	private final Context outer = new Context();

	private final Context inner = new Context();

	// What the two contexts must hold; a set() that fails must have changed nothing.
	private Object inOuter = NONE;

	private Object inInner = NONE;

	private MemoryExhaustion() {
	}

	public static void main(String[] args) throws Exception {
		int shortages = 0;
		// What is linked at its first use must be linked before memory is short.
		new MemoryExhaustion().use();
		for (int spare = 0; spare < Integer.parseInt(args[0]); spare++) {
			MemoryExhaustion exhaustion = new MemoryExhaustion();
			boolean[] failed = new boolean[1];
			Thread thread = new Thread(exhaustion.probe(spare, failed));
			Throwable[] complaint = new Throwable[1];
			thread.setUncaughtExceptionHandler((dead, ex) -> complaint[0] = ex);
			thread.start();
			thread.join();
			if (complaint[0] != null) {
				throw new AssertionError("spare " + spare, complaint[0]);
			}
			if (failed[0]) {
				shortages++;
			}
		}
		System.out.println("shortages: " + shortages);
	}

	private Runnable probe(int spare, boolean[] failed) {
		return () -> {
			fill();
			spare(spare);
			try {
				use();
			}
			catch (OutOfMemoryError ex) {
				failed[0] = true;
			}
			finally {
				hoard = NOTHING;
			}
			require(VAR.get() == NONE, "the thread is not out of all contexts");
			this.outer.run(() -> require(VAR.get() == this.inOuter, "another value in the outer context"));
			this.inner.run(() -> require(VAR.get() == this.inInner, "another value in the inner context"));
			require(VAR.get() == NONE, "the thread is not out of all contexts again");
		};
	}

	private void use() {
		this.outer.run(() -> {
			VAR.set("outer");
			this.inOuter = "outer";
			try {
				this.inner.run(() -> {
					VAR.set("inner");
					this.inInner = "inner";
					try (Token<Object> token = VAR.set("token"); Context.Scope scope = new Context().enter()) {
						VAR.set("scope");
						Context.copyOfCurrent().wrap(() -> VAR.set("wrapped")).run();
					}
				});
			}
			finally {
				if (VAR.get() != this.inOuter) {
					throw new IllegalStateException("the thread is not back in the outer context");
				}
			}
		});
	}

	/**
	 * Take all the memory there is, in ever smaller pieces.
	 */
	private static void fill() {
		for (int size = 1 << 16; size > 0; size /= 4) {
			try {
				while (true) {
					hoard = new Object[] { hoard, new byte[size] };
				}
			}
			catch (OutOfMemoryError ex) {
				// smaller pieces, then
			}
		}
	}

	private static void spare(int pieces) {
		for (int i = 0; i < pieces && hoard.length > 0; i++) {
			hoard = (Object[]) hoard[0];
		}
	}

	private static void require(boolean condition, String complaint) {
		if (!condition) {
			throw new IllegalStateException(complaint);
		}
	}

}

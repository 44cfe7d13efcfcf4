package io.github.contextvars;

import java.util.List;
import java.util.stream.Stream;

/**
 * Program that uses the library with hardly any memory left, so that each of the
 * library's allocations fails once, and checks the state after that. Runs in another JVM
 * with a small heap.
 */
public final class MemoryExhaustion {

	private static final Object NONE = "none";

	private static final ContextVar<Object> VAR = ContextVar.of("var", NONE);

	private static Piece ballast;

	private final Context outer = new Context();

	private final Context inner = new Context();

	// So many that healing them needs more memory than all operations before.
	private final List<Context> leaked = Stream.generate(Context::new).limit(8).toList();

	// The values that the contexts must have. A set() that fails must change nothing.
	private Object inOuter = NONE;

	private Object inInner = NONE;

	private MemoryExhaustion() {
	}

	public static void main(String[] args) throws Exception {
		int shortages = 0;
		// All code must be linked before memory is short.
		new MemoryExhaustion().use();
		for (int spare = 0; spare < Integer.parseInt(args[0]); spare++) {
			MemoryExhaustion exhaustion = new MemoryExhaustion();
			boolean[] failed = new boolean[1];
			Thread thread = new Thread(exhaustion.probe(spare, failed));
			Throwable[] failure = new Throwable[1];
			thread.setUncaughtExceptionHandler((dead, ex) -> failure[0] = ex);
			thread.start();
			thread.join();
			if (failure[0] != null) {
				throw new AssertionError("spare " + spare, failure[0]);
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
				ballast = null;
			}
			require(VAR.get() == NONE, "the thread is not out of all contexts");
			this.outer.run(() -> require(VAR.get() == this.inOuter, "another value in the outer context"));
			this.inner.run(() -> require(VAR.get() == this.inInner, "another value in the inner context"));
			this.leaked
				.forEach((context) -> context.run(() -> require(VAR.get() == NONE, "a value in a leaked context")));
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
					Token<Object> token = VAR.set("token");
					try {
						useScopes();
					}
					finally {
						VAR.reset(token);
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

	// Without try-with-resources: where closing fails too, it may be with the very same
	// OutOfMemoryError, which cannot suppress itself.
	private void useScopes() {
		Context.Scope scope = new Context().enter();
		try {
			VAR.set("scope");
			Context.copyOfCurrent().wrap(() -> VAR.set("wrapped")).run();
			this.leaked.forEach(Context::enter);
		}
		finally {
			scope.close();
		}
	}

	/**
	 * Take all the memory there is, the last of it in pieces as small as an object can
	 * be, so that any allocation may be the first to find too little.
	 */
	private static void fill() {
		for (int size = 1 << 16; size >= 1 << 12; size /= 4) {
			try {
				while (true) {
					ballast = new LargePiece(ballast, new byte[size]);
				}
			}
			catch (OutOfMemoryError ex) {
				// smaller pieces, then
			}
		}
		spare(1);
		try {
			while (true) {
				ballast = new Piece(ballast);
			}
		}
		catch (OutOfMemoryError ex) {
			// nothing is left
		}
	}

	private static void spare(int pieces) {
		for (int i = 0; i < pieces && ballast != null; i++) {
			ballast = ballast.next;
		}
	}

	private static void require(boolean condition, String message) {
		if (!condition) {
			throw new IllegalStateException(message);
		}
	}

	private static class Piece {

		private final Piece next;

		Piece(Piece next) {
			this.next = next;
		}

	}

	private static final class LargePiece extends Piece {

		private final byte[] bytes;

		LargePiece(Piece next, byte[] bytes) {
			super(next);
			this.bytes = bytes;
		}

	}

}

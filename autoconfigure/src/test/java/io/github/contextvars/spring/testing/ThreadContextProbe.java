package io.github.contextvars.spring.testing;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.Token;

/**
 * Tells from outside whether the calling thread is in any context: setting a variable on
 * a thread that is in none makes the library ask for a base context.
 */
public final class ThreadContextProbe {

	private static final ContextVar<String> PROBE = ContextVar.of("probe");

	private static volatile boolean watching;

	private ThreadContextProbe() {
	}

	/**
	 * Go on asking in the stead of the application's own policy, so that many threads can
	 * ask at once.
	 */
	public static synchronized void watch() {
		ask();
		watching = true;
	}

	public static synchronized void unwatch() {
		watching = false;
		Context.onSetOutside(null);
	}

	public static boolean isInContext() {
		if (!watching) {
			synchronized (ThreadContextProbe.class) {
				// Who waited here for watch() must not end what it began.
				if (!watching) {
					ask();
					try {
						return answer();
					}
					finally {
						Context.onSetOutside(null);
					}
				}
			}
		}
		return answer();
	}

	private static void ask() {
		Context.onSetOutside((variable) -> {
			if (variable == PROBE) {
				throw NoContext.INSTANCE;
			}
		});
	}

	private static boolean answer() {
		try (Token<String> token = PROBE.set("probe")) {
			return true;
		}
		catch (NoContext ex) {
			return false;
		}
	}

	private static final class NoContext extends RuntimeException {

		private static final long serialVersionUID = 1L;

		private static final NoContext INSTANCE = new NoContext();

		private NoContext() {
			super("no context", null, false, false);
		}

	}

}

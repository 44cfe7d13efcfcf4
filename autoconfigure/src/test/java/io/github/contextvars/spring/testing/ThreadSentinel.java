package io.github.contextvars.spring.testing;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.Token;

/**
 * Tells from outside whether the calling thread is in any context: setting a variable on
 * a thread that is in none makes the library ask for a base context.
 */
public final class ThreadSentinel {

	private static final ContextVar<String> PROBE = ContextVar.of("probe");

	private ThreadSentinel() {
	}

	public static synchronized boolean isInContext() {
		Context.onBaseContext((variable) -> {
			if (variable == PROBE) {
				throw new NoContext();
			}
		});
		try (Token<String> token = PROBE.set("probe")) {
			return true;
		}
		catch (NoContext ex) {
			return false;
		}
		finally {
			Context.onBaseContext(null);
		}
	}

	private static final class NoContext extends RuntimeException {

		private static final long serialVersionUID = 1L;

		private NoContext() {
			super("no context", null, false, false);
		}

	}

}

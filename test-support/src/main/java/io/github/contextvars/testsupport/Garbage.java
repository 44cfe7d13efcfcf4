package io.github.contextvars.testsupport;

import java.lang.ref.WeakReference;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Checks of whether an object is collected.
 */
public final class Garbage {

	private Garbage() {
	}

	/**
	 * Return whether the referent is collected, and collect garbage until it is.
	 * @param reference the reference
	 * @return whether the referent was collected, which is {@code false} only after many
	 * attempts
	 */
	public static boolean isCollected(WeakReference<?> reference) {
		for (int attempt = 0; attempt < 50; attempt++) {
			System.gc();
			if (reference.refersTo(null)) {
				return true;
			}
			LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(attempt));
		}
		return false;
	}

	/**
	 * Return whether the referent is kept, after as many collections as usually suffice.
	 * @param reference the reference
	 * @return whether the referent was not collected
	 */
	public static boolean isKept(WeakReference<?> reference) {
		for (int attempt = 0; attempt < 5; attempt++) {
			System.gc();
		}
		return !reference.refersTo(null);
	}

}

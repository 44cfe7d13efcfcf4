package io.github.contextvars.testsupport;

import java.lang.ref.WeakReference;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Whether something can be collected.
 */
public final class Garbage {

	private Garbage() {
	}

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
	 * As many collections as mostly suffice, for what must not be collected.
	 */
	public static boolean isKept(WeakReference<?> reference) {
		for (int attempt = 0; attempt < 5; attempt++) {
			System.gc();
		}
		return !reference.refersTo(null);
	}

}

package io.github.contextvars.testsupport;

/**
 * Value whose methods throw exceptions, because the library must not call them.
 */
public final class Hostile {

	@Override
	public boolean equals(Object other) {
		throw new IllegalStateException("equals");
	}

	@Override
	public int hashCode() {
		throw new IllegalStateException("hashCode");
	}

	@Override
	public String toString() {
		throw new IllegalStateException("toString");
	}

}

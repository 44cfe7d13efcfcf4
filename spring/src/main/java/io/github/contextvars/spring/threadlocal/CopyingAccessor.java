package io.github.contextvars.spring.threadlocal;

import org.jspecify.annotations.Nullable;

/**
 * Accessor that gives other threads a copy of a value, and restores the value itself.
 *
 * @param <V> the type of the value
 */
abstract class CopyingAccessor<V> implements SavingAccessor<CopyingAccessor.Value<V>> {

	private final String key;

	CopyingAccessor(String key) {
		this.key = key;
	}

	// Return the calling thread's value.
	abstract @Nullable V get();

	// Return a copy that does not depend on the thread, nor on the request that a
	// value was made from.
	abstract V copy(V value);

	// Replace the calling thread's value.
	abstract void set(V value);

	// Remove the calling thread's value.
	abstract void remove();

	@Override
	public final Object key() {
		return this.key;
	}

	@Override
	public final @Nullable Value<V> getValue() {
		V value = get();
		return (value != null) ? new Value<>(value, copy(value)) : null;
	}

	@Override
	public final @Nullable Value<V> save() {
		V value = get();
		return (value != null) ? new Value<>(value, value) : null;
	}

	@Override
	public final void setValue(Value<V> value) {
		set(value.copy);
	}

	@Override
	public final void setValue() {
		remove();
	}

	@Override
	public final void restore(Value<V> previous) {
		set(previous.original);
	}

	/**
	 * Captured value. (No record: it must not hash what it refers to.)
	 *
	 * @param <V> the type of the value
	 */
	static final class Value<V> {

		private final V original;

		private final V copy;

		private Value(V original, V copy) {
			this.original = original;
			this.copy = copy;
		}

	}

}

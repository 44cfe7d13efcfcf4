package io.github.contextvars;

import java.util.AbstractMap.SimpleImmutableEntry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/*
 * How it works
 *
 * The state of a context: an immutable map from variables to values, a radix trie over the
 * variables' ids that is 32 wide and as deep as it has to be.
 *
 * A node looks at five bits of the id, the root at the lowest five, its children at the next
 * five. Bit b of the bitmap says whether anything is stored for the value b of those five
 * bits; the slots hold just what is there, in the order of the bits, two places for each: a
 * variable and its value, or null and a child. So a lookup is one bit test and one bit count
 * for each level, and as ids are dense, 32 variables fit a root and 1,024 fit two levels.
 * Ids are unique: nothing collides, and nothing of a value or a variable is called.
 *
 *     root   bitmap ..100101   slots | v0 | value | null | child | v5 | value |
 *                                                            |
 *                      bits 5 to 9 of the id decide there    v
 *                                                  | v2 | value | v34 | value |
 *
 * A variable sits as high as it can: a child is made when two ids differ only further up, and
 * dissolves into its parent when one variable is left in it. So the same content is the same
 * tree, whatever led to it, and a map that was emptied is EMPTY.
 *
 * A change copies the nodes on the path to the entry and shares all others: the old map stays
 * what it was, for whoever reads it, without a lock. All fields are final: a map that was
 * handed over by a race is still seen whole. (The idea is Bagwell's hash array mapped trie,
 * which is behind CPython's contexts too, with the hash left out.)
 */
final class PersistentMap {

	static final PersistentMap EMPTY = new PersistentMap(0, new Object[0], 0);

	// Answers a lookup that found nothing, as null is a value.
	static final Object ABSENT = new Object();

	private static final int BITS = 5;

	private final int bitmap;

	private final int size;

	private final @Nullable Object[] slots;

	private PersistentMap(int bitmap, @Nullable Object[] slots, int size) {
		this.bitmap = bitmap;
		this.slots = slots;
		this.size = size;
	}

	int size() {
		return this.size;
	}

	@Nullable Object get(ContextVar<?> var) {
		PersistentMap node = this;
		for (long path = var.id;; path >>>= BITS) {
			int bit = 1 << (int) path;
			if ((node.bitmap & bit) == 0) {
				return ABSENT;
			}
			int slot = node.slotOf(bit);
			Object key = node.slots[slot];
			if (key == var) {
				return node.slots[slot + 1];
			}
			if (key != null) {
				return ABSENT;
			}
			node = node.child(slot);
		}
	}

	PersistentMap with(ContextVar<?> var, @Nullable Object value) {
		return with(var, value, 0);
	}

	PersistentMap without(ContextVar<?> var) {
		return without(var, 0);
	}

	/**
	 * List the entries. The list is a copy that calls no code of a value.
	 * @return the entries, in no particular order
	 */
	List<Map.Entry<ContextVar<?>, @Nullable Object>> entries() {
		List<Map.Entry<ContextVar<?>, @Nullable Object>> entries = new ArrayList<>(this.size);
		addTo(entries);
		return Collections.unmodifiableList(entries);
	}

	private void addTo(List<Map.Entry<ContextVar<?>, @Nullable Object>> entries) {
		for (int slot = 0; slot < this.slots.length; slot += 2) {
			if (this.slots[slot] instanceof ContextVar<?> var) {
				entries.add(new SimpleImmutableEntry<>(var, this.slots[slot + 1]));
			}
			else {
				child(slot).addTo(entries);
			}
		}
	}

	private PersistentMap with(ContextVar<?> var, @Nullable Object value, int shift) {
		int bit = 1 << (int) (var.id >>> shift);
		int slot = slotOf(bit);
		if ((this.bitmap & bit) == 0) {
			return inserted(bit, slot, var, value);
		}
		if (this.slots[slot] instanceof ContextVar<?> key) {
			Object present = this.slots[slot + 1];
			if (key == var) {
				return (present != value) ? replaced(slot, var, value, this.size) : this;
			}
			PersistentMap both = EMPTY.with(key, present, shift + BITS).with(var, value, shift + BITS);
			return replaced(slot, null, both, this.size + 1);
		}
		PersistentMap child = child(slot);
		PersistentMap changed = child.with(var, value, shift + BITS);
		return (changed != child) ? replaced(slot, null, changed, this.size + changed.size - child.size) : this;
	}

	private PersistentMap without(ContextVar<?> var, int shift) {
		int bit = 1 << (int) (var.id >>> shift);
		if ((this.bitmap & bit) == 0) {
			return this;
		}
		int slot = slotOf(bit);
		if (this.slots[slot] instanceof ContextVar<?> key) {
			return (key == var) ? removed(bit, slot) : this;
		}
		PersistentMap child = child(slot);
		PersistentMap changed = child.without(var, shift + BITS);
		if (changed == child) {
			return this;
		}
		return (changed.size > 1) ? replaced(slot, null, changed, this.size - 1)
				: replaced(slot, changed.slots[0], changed.slots[1], this.size - 1);
	}

	private PersistentMap inserted(int bit, int slot, ContextVar<?> var, @Nullable Object value) {
		@Nullable Object[] copy = new Object[this.slots.length + 2];
		System.arraycopy(this.slots, 0, copy, 0, slot);
		copy[slot] = var;
		copy[slot + 1] = value;
		System.arraycopy(this.slots, slot, copy, slot + 2, this.slots.length - slot);
		return new PersistentMap(this.bitmap | bit, copy, this.size + 1);
	}

	private PersistentMap replaced(int slot, @Nullable Object key, @Nullable Object value, int newSize) {
		@Nullable Object[] copy = Arrays.copyOf(this.slots, this.slots.length);
		copy[slot] = key;
		copy[slot + 1] = value;
		return new PersistentMap(this.bitmap, copy, newSize);
	}

	private PersistentMap removed(int bit, int slot) {
		if (this.slots.length == 2) {
			return EMPTY;
		}
		@Nullable Object[] copy = new Object[this.slots.length - 2];
		System.arraycopy(this.slots, 0, copy, 0, slot);
		System.arraycopy(this.slots, slot + 2, copy, slot, copy.length - slot);
		return new PersistentMap(this.bitmap ^ bit, copy, this.size - 1);
	}

	private int slotOf(int bit) {
		return 2 * Integer.bitCount(this.bitmap & (bit - 1));
	}

	@SuppressWarnings("NullAway") // where the key is null, a child follows it
	private PersistentMap child(int slot) {
		return (PersistentMap) this.slots[slot + 1];
	}

}

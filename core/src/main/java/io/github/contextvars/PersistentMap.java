package io.github.contextvars;

import java.util.AbstractMap.SimpleImmutableEntry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/*
 * How it works
 *
 * The state of a context: an immutable map from variables to values. All fields are final, and
 * the objects that they refer to never change: any thread can read a map without a lock, even one
 * that it got by a data race.
 *
 * The values are in a radix tree over the variables' ids. Ids are dense, so a variable's place is
 * computed, not searched for: in each node, five bits of the id choose the child, and in the leaf
 * the variable and its value are side by side. (A variable has only one place, so a lookup checks
 * only whether it is there.) The root is a window onto the ids in use: up to 32 neighbours need a
 * single array. Ids further away make the tree a level higher. Below the root, nodes are 32 wide,
 * but a leaf is only as wide as a power of two must be for its variables to have different places
 * modulo that: a variable that shares its leaf with no other one takes 24 bytes there, not 272.
 *
 *     shift 0, from 7    | v7 | value | v8 | value | null | null | v10 | value |
 *
 *     shift 5, from 0    | leaf of ids 0 to 31 | null | leaf of ids 64 to 95 |
 *
 *     leaf below it      | null | null | v65 | value | v70 | value | null | null |
 *
 * A change copies the nodes on the path to the entry and shares all others. (The idea is
 * Bagwell's hash array mapped trie, which CPython's contexts use too, without the hash.)
 *
 * Most values that are set are soon reset. So the latest value that was set is not in the tree
 * yet: it is in a field of the map, in front of the tree, and is flushed to the tree when another
 * variable is set. Setting a variable and resetting it creates a map of 40 bytes and puts back the
 * previous map, which the Token kept: four times as fast as copying two paths.
 */
final class PersistentMap {

	// The result of a lookup that found nothing, because null is a value.
	static final Object ABSENT = new Object();

	static final PersistentMap EMPTY = new PersistentMap(0, 0, new Object[0], 0);

	private static final int BITS = 5;

	private static final int WIDTH = 1 << BITS;

	// An id shifted right by this, less 'from', is an index in the root.
	private final int shift;

	private final long from;

	// Variables and values in turn if the shift is 0, otherwise an Object[][] of
	// children.
	private final @Nullable Object[] root;

	// Of the tree.
	private final int size;

	private final @Nullable ContextVar<?> latest;

	private final @Nullable Object latestValue;

	private PersistentMap(int shift, long from, @Nullable Object[] root, int size) {
		this(shift, from, root, size, null, null);
	}

	private PersistentMap(int shift, long from, @Nullable Object[] root, int size, @Nullable ContextVar<?> latest,
			@Nullable Object latestValue) {
		this.shift = shift;
		this.from = from;
		this.root = root;
		this.size = size;
		this.latest = latest;
		this.latestValue = latestValue;
	}

	@Nullable Object get(ContextVar<?> var) {
		return (this.latest == var) ? this.latestValue : inTree(var);
	}

	int size() {
		return (this.latest == null || inTree(this.latest) != ABSENT) ? this.size : this.size + 1;
	}

	/**
	 * Return the entries. Calls no method of a value.
	 * @return a list of the entries, in no particular order
	 */
	List<Map.Entry<ContextVar<?>, @Nullable Object>> entries() {
		PersistentMap map = flushed();
		List<Map.Entry<ContextVar<?>, @Nullable Object>> entries = new ArrayList<>(map.size);
		addTo(entries, map.root, map.shift);
		return Collections.unmodifiableList(entries);
	}

	/**
	 * Return the same content in such a form that {@link #with} only changes the latest
	 * value.
	 * @param var the variable to be set
	 * @return a map with the same entries
	 */
	PersistentMap prepareFor(ContextVar<?> var) {
		return (this.latest != var) ? flushed() : this;
	}

	PersistentMap with(ContextVar<?> var, @Nullable Object value) {
		PersistentMap prepared = prepareFor(var);
		PersistentMap map = new PersistentMap(prepared.shift, prepared.from, prepared.root, prepared.size, var, value);
		// Setting null releases the previous value, which must not stay in the tree.
		return (value != null) ? map : map.flushed();
	}

	PersistentMap without(ContextVar<?> var) {
		if (get(var) == ABSENT) {
			return this;
		}
		PersistentMap map = flushed();
		if (map.size == 1) {
			return EMPTY;
		}
		@Nullable Object[] changed = replaced(map.root, map.shift, (int) map.indexInRoot(var), var, null, null);
		return new PersistentMap(map.shift, map.from, changed, map.size - 1);
	}

	private PersistentMap flushed() {
		ContextVar<?> var = this.latest;
		if (var == null) {
			return this;
		}
		PersistentMap map = covering(var);
		return new PersistentMap(map.shift, map.from,
				replaced(map.root, map.shift, (int) map.indexInRoot(var), var, var, this.latestValue), size());
	}

	private @Nullable Object inTree(ContextVar<?> var) {
		int index = (int) indexInRoot(var);
		if (this.shift == 0) {
			return inLeaf(this.root, 2 * index, var);
		}
		if (this.shift > BITS) {
			return below(this.root, this.shift, index, var);
		}
		// The loop of below(), unrolled for the two levels that nearly all maps have.
		@Nullable Object[] @Nullable [] leaves = (Object[][]) this.root;
		@Nullable Object[] leaf = (index >= 0 && index < leaves.length) ? leaves[index] : null;
		return (leaf != null) ? inLeaf(leaf, placeBelowRoot(leaf, var), var) : ABSENT;
	}

	private PersistentMap covering(ContextVar<?> var) {
		if (this.root.length == 0) {
			return new PersistentMap(0, var.id, new Object[2], 0);
		}
		long index = indexInRoot(var);
		long first = Math.min(index, 0);
		long end = Math.max(index + 1, width());
		if (end - first > WIDTH) {
			return raised().covering(var);
		}
		if (end - first == width()) {
			return this;
		}
		@Nullable Object[] wider = node(this.shift, (int) (end - first));
		System.arraycopy(this.root, 0, wider, places(-(int) first), this.root.length);
		return new PersistentMap(this.shift, this.from + first, wider, this.size);
	}

	private PersistentMap raised() {
		long first = this.from >> BITS;
		long last = (this.from + width() - 1) >> BITS;
		@Nullable Object[] parents = node(this.shift + BITS, (int) (last - first + 1));
		for (int i = 0; i < this.root.length; i += places(1)) {
			if (this.root[i] != null) {
				long path = this.from + i / places(1);
				int parent = (int) ((path >> BITS) - first);
				@Nullable Object[] child = childOf(parents, parent, this.shift);
				int place = (int) path & (WIDTH - 1);
				if (this.root[i] instanceof ContextVar<?> var) {
					child = withPlaceFor(var, child);
					place = placeBelowRoot(child, var);
				}
				System.arraycopy(this.root, i, child, place, places(1));
				parents[parent] = child;
			}
		}
		return new PersistentMap(this.shift + BITS, first, parents, this.size);
	}

	private long indexInRoot(ContextVar<?> var) {
		return (var.id >>> this.shift) - this.from;
	}

	private int width() {
		return (this.shift == 0) ? this.root.length / 2 : this.root.length;
	}

	private int places(int entries) {
		return (this.shift == 0) ? 2 * entries : entries;
	}

	private static int indexAt(int shift, ContextVar<?> var) {
		return (int) (var.id >>> shift) & (WIDTH - 1);
	}

	private static @Nullable Object[] node(int shift, int width) {
		return (shift == 0) ? new Object[2 * width] : new Object[width][];
	}

	private static @Nullable Object[] childOf(@Nullable Object[] node, int index, int shift) {
		return (node[index] instanceof Object[] child) ? child : node(shift, (shift == 0) ? 1 : WIDTH);
	}

	private static @Nullable Object inLeaf(@Nullable Object[] leaf, int place, ContextVar<?> var) {
		return (place >= 0 && place < leaf.length && leaf[place] == var) ? leaf[place + 1] : ABSENT;
	}

	// In a full leaf, which the processor predicts, the place does not depend on what is
	// read from the leaf: without the distinction, a read takes 5 % longer than it did
	// when all leaves were full.
	private static int placeBelowRoot(@Nullable Object[] leaf, ContextVar<?> var) {
		int place = 2 * indexAt(0, var);
		return (leaf.length < 2 * WIDTH) ? place & (leaf.length - 1) : place;
	}

	private static @Nullable Object[] withPlaceFor(ContextVar<?> var, @Nullable Object[] leaf) {
		Object present = leaf[placeBelowRoot(leaf, var)];
		if (present == null || present == var) {
			return leaf;
		}
		@Nullable Object[] wider = new Object[2 * leaf.length];
		for (int i = 0; i < leaf.length; i += 2) {
			if (leaf[i] instanceof ContextVar<?> other) {
				System.arraycopy(leaf, i, wider, placeBelowRoot(wider, other), 2);
			}
		}
		return withPlaceFor(var, wider);
	}

	private static @Nullable Object below(@Nullable Object[] root, int rootShift, int rootIndex, ContextVar<?> var) {
		@Nullable Object[] node = root;
		int index = rootIndex;
		for (int shift = rootShift; shift > 0; index = indexAt(shift, var)) {
			if (index < 0 || index >= node.length || !(node[index] instanceof Object[] child)) {
				return ABSENT;
			}
			node = child;
			shift -= BITS;
		}
		return inLeaf(node, placeBelowRoot(node, var), var);
	}

	private static @Nullable Object[] replaced(@Nullable Object[] node, int shift, int index, ContextVar<?> var,
			@Nullable Object key, @Nullable Object value) {
		@Nullable Object[] copy = node.clone();
		if (shift == 0) {
			copy[2 * index] = key;
			copy[2 * index + 1] = value;
			return copy;
		}
		int below = shift - BITS;
		@Nullable Object[] child = childOf(copy, index, below);
		int indexBelow = indexAt(below, var);
		if (below == 0) {
			child = withPlaceFor(var, child);
			indexBelow = placeBelowRoot(child, var) / 2;
		}
		@Nullable Object[] changed = replaced(child, below, indexBelow, var, key, value);
		copy[index] = (key == null && isEmpty(changed)) ? null : changed;
		return copy;
	}

	private static boolean isEmpty(@Nullable Object[] node) {
		for (Object place : node) {
			if (place != null) {
				return false;
			}
		}
		return true;
	}

	private static void addTo(List<Map.Entry<ContextVar<?>, @Nullable Object>> entries, @Nullable Object[] node,
			int shift) {
		for (int i = 0; i < node.length; i += (shift == 0) ? 2 : 1) {
			if (node[i] instanceof ContextVar<?> var) {
				entries.add(new SimpleImmutableEntry<>(var, node[i + 1]));
			}
			else if (node[i] instanceof Object[] child) {
				addTo(entries, child, shift - BITS);
			}
		}
	}

}

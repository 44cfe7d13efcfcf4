package io.github.contextvars;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;

import org.jspecify.annotations.Nullable;

/*
 * How it works
 *
 * Finds the stack of the calling thread. A ThreadLocal holds it, for as long as there is anything
 * in it and not a moment longer. In front of that stands a table of 4,096 slots, by thread id,
 * where a thread that is in a context mostly finds its stack in half the time: what a slot holds
 * is the calling thread's own if the thread in it is the calling one, by identity, and if not,
 * the ThreadLocal knows. So threads can't be mixed up, however many share a slot. (The table
 * makes ContextVar.get() about a third faster, and tells a thread that is in no context so
 * without the entry that ThreadLocal.get() leaves behind for a null.)
 *
 * Of several threads with one slot, the first has it until it leaves its outermost context; the
 * others mark the slot as crowded, which it then stays. So an empty slot that is not crowded
 * says that the calling thread is in no context and has none below: it would have taken the slot
 * or marked it, and what a thread wrote itself it sees, whatever others see.
 *
 * Slots refer weakly: a thread that died in a context, or was collected in one, as virtual threads
 * can be, takes its stack along. Base contexts are not in the table: they end with whoever clears
 * the thread's ThreadLocals, as the JDK's own pools do between tasks. Slots of neighbouring ids
 * lie 128 bytes apart, so that threads don't write to one cache line.
 */
final class ThreadTable {

	private static final ThreadLocal<@Nullable ThreadStack> STACKS = new ThreadLocal<>();

	private static final int SIZE = 4096;

	private static final @Nullable Entry[] SLOTS = new Entry[SIZE];

	private static final boolean[] CROWDED = new boolean[SIZE];

	private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Entry[].class);

	private ThreadTable() {
	}

	/**
	 * Find the calling thread's stack.
	 * @return the stack, or null if the thread is in no context and has no base context
	 */
	static @Nullable ThreadStack find() {
		Thread thread = Thread.currentThread();
		int slot = slotOf(thread);
		Entry entry = SLOTS[slot];
		if (entry != null) {
			ThreadStack stack = entry.get();
			if (stack != null && stack.thread == thread) {
				return stack;
			}
		}
		else if (!CROWDED[slot]) {
			return null;
		}
		return findInThread();
	}

	private static @Nullable ThreadStack findInThread() {
		ThreadStack stack = STACKS.get();
		if (stack == null) {
			// get() has left an entry for the null that it returned.
			STACKS.remove();
		}
		return stack;
	}

	/**
	 * Find or make the calling thread's stack, for a base context.
	 * @return the stack
	 */
	static ThreadStack add() {
		Thread thread = Thread.currentThread();
		ThreadStack stack = STACKS.get();
		if (stack == null) {
			stack = new ThreadStack(thread);
			STACKS.set(stack);
		}
		CROWDED[slotOf(thread)] = true;
		return stack;
	}

	/**
	 * Find or make the calling thread's stack, for the first context that it enters.
	 * @return the stack
	 */
	static ThreadStack addEntered() {
		Thread thread = Thread.currentThread();
		ThreadStack stack = STACKS.get();
		if (stack == null) {
			stack = new ThreadStack(thread);
			STACKS.set(stack);
		}
		int slot = slotOf(thread);
		Entry holder = (Entry) SLOT.getAcquire(SLOTS, slot);
		if (holder == null || holder.get() == null) {
			Entry entry = new Entry(stack, slot);
			if (SLOT.compareAndSet(SLOTS, slot, holder, entry)) {
				stack.entry = entry;
				return stack;
			}
		}
		CROWDED[slot] = true;
		return stack;
	}

	/**
	 * Take the calling thread's stack out of the table, as its outermost context was
	 * left.
	 * @param stack the stack
	 * @param keep whether the thread keeps the stack, for its base context
	 */
	static void release(ThreadStack stack, boolean keep) {
		Entry entry = stack.entry;
		if (entry != null) {
			stack.entry = null;
			SLOTS[entry.slot] = null;
		}
		if (!keep) {
			// Not if a pool took this one away between two tasks, and the thread has
			// another.
			ThreadStack held = STACKS.get();
			if (held == stack || held == null) {
				STACKS.remove();
			}
		}
	}

	private static int slotOf(Thread thread) {
		int id = (int) thread.getId();
		return ((id << 5) ^ (id >>> 7)) & (SIZE - 1);
	}

	static final class Entry extends WeakReference<ThreadStack> {

		private final int slot;

		Entry(ThreadStack stack, int slot) {
			super(stack);
			this.slot = slot;
		}

	}

}

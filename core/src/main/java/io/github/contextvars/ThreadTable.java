package io.github.contextvars;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;

import org.jspecify.annotations.Nullable;

/*
 * How it works
 *
 * The lookup of the calling thread's stack. A ThreadLocal holds the stack for exactly as long as
 * there is a context in it. In front of the ThreadLocal is a table of 4,096 slots, by thread id,
 * in which a thread that is in a context usually finds its stack in half the time. The stack in a
 * slot is the calling thread's if the thread that it names is the calling one, by identity; if
 * not, the ThreadLocal decides. So threads cannot be confused, even if many share a slot. (The
 * table makes ContextVar.get() about a third faster. It also tells that a thread is in no context
 * without the entry that ThreadLocal.get() leaves behind for a null.)
 *
 * Of several threads with one slot, the first has it until it leaves its outermost context. The
 * others mark the slot as crowded, and it stays crowded. So an empty slot that is not crowded
 * means that the calling thread is in no context and has no base context: otherwise it would have
 * taken or marked the slot, and a thread always sees its own writes.
 *
 * Slots refer weakly to stacks: the stack of a thread that died in a context, or was collected in
 * one as virtual threads can be, is collected. Base contexts are not in the table: they end when
 * the thread's ThreadLocals are cleared, as the JDK's pools do between tasks. Slots of
 * neighbouring ids are 128 bytes apart, so that threads do not write to one cache line.
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
			// get() has created an entry for the null that it returned.
			STACKS.remove();
		}
		return stack;
	}

	/**
	 * Find or create the calling thread's stack, for a base context.
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
	 * Find or create the calling thread's stack, for the first context that it enters.
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
	 * Remove the calling thread's stack from the table, after its outermost context was
	 * left.
	 * @param stack the stack
	 * @param keep whether the thread keeps the stack, for its base context
	 */
	static void remove(ThreadStack stack, boolean keep) {
		Entry entry = stack.entry;
		if (entry != null) {
			stack.entry = null;
			SLOTS[entry.slot] = null;
		}
		if (!keep) {
			// Not if a pool cleared the ThreadLocals between two tasks, and the thread
			// has
			// another stack by now.
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

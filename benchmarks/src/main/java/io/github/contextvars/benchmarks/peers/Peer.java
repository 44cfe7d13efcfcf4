package io.github.contextvars.benchmarks.peers;

import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Base class of the libraries that are compared: each holds as many variables as a
 * benchmark asks for. Reads and writes rotate over the variables, with the same code for
 * each peer.
 */
@State(Scope.Thread)
public abstract class Peer {

	static final Object OTHER = "another value";

	/** How many variables there are. */
	@Param({ "1", "10", "100", "1000" })
	public int variables;

	/**
	 * Which variables are read: {@code set} ones, {@code unset} ones beside as many that
	 * are set, or {@code none} on a thread that has set and entered nothing.
	 */
	@Param("set")
	public String reads;

	private int last;

	/**
	 * Declare the variables.
	 */
	@Setup(Level.Trial)
	public final void declare() {
		declare(this.variables);
	}

	/**
	 * Set the variables. For each iteration, because a virtual thread lives no longer.
	 */
	@Setup(Level.Iteration)
	public final void set() {
		if (!this.reads.equals("none")) {
			enter(this.reads.equals("set"));
		}
	}

	/**
	 * Restore the thread.
	 */
	@TearDown(Level.Iteration)
	public final void clear() {
		if (!this.reads.equals("none")) {
			leave();
		}
	}

	abstract void declare(int count);

	abstract void enter(boolean readable);

	abstract void leave();

	final int next() {
		int next = this.last + 1;
		if (next >= this.variables) {
			next = 0;
		}
		this.last = next;
		return next;
	}

	static Object value(int index) {
		return "value " + index;
	}

}

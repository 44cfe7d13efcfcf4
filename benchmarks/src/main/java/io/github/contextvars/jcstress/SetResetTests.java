package io.github.contextvars.jcstress;

import java.util.NoSuchElementException;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.Token;

/**
 * jcstress tests in which one thread sets variables that had no value, and resets them,
 * while another thread reads the context.
 */
public final class SetResetTests {

	private static final int NEW = 3;

	private SetResetTests() {
	}

	// One by one; the last that was set is the first to be reset.
	private static void setAndReset(Context context, int from) {
		context.run(() -> setThenReset(from, from + NEW));
	}

	private static void setThenReset(int index, int end) {
		if (index < end) {
			Token<Integer> token = ContextFixtures.set(index, 1);
			setThenReset(index + 1, end);
			ContextFixtures.var(index).reset(token);
		}
	}

	// Which of the new variables a snapshot has, as bits.
	private static int present(Context snapshot, int from) {
		int present = 0;
		for (int i = 0; i < NEW; i++) {
			if (ContextFixtures.get(snapshot, from + i) == 1) {
				present |= 1 << i;
			}
		}
		return present;
	}

	private static int whole(Context snapshot, int from) {
		int count = 0;
		for (var entry : snapshot.entrySet()) {
			int index = ContextFixtures.indexOf(entry.getValue());
			if (entry.getKey() != ContextFixtures.var(index)
					|| ContextFixtures.decode(entry.getValue(), index) != ((index < from) ? 0 : 1)) {
				return 0;
			}
			count++;
		}
		int present = Integer.bitCount(present(snapshot, from));
		return (count == snapshot.size() && count == from + present) ? 1 : 0;
	}

	/**
	 * A snapshot has the first few of the new variables, all of the old ones, and nothing
	 * else.
	 */
	@JCStressTest
	@Outcome(id = { "0, 1", "1, 1", "3, 1", "7, 1" }, expect = Expect.ACCEPTABLE, desc = "One moment's state.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Never was a state.")
	@State
	public static class Empty {

		private final Context context = ContextFixtures.context(0);

		@Actor
		public void writer() {
			setAndReset(this.context, 0);
		}

		@Actor
		public void reader(II_Result r) {
			Context snapshot = this.context.copy();
			r.r1 = present(snapshot, 0);
			r.r2 = whole(snapshot, 0);
		}

	}

	/**
	 * A snapshot has the first few of the new variables, all of the old ones, and nothing
	 * else.
	 */
	@JCStressTest
	@Outcome(id = { "0, 1", "1, 1", "3, 1", "7, 1" }, expect = Expect.ACCEPTABLE, desc = "One moment's state.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Never was a state.")
	@State
	public static class Wide {

		private final Context context = ContextFixtures.context(ContextFixtures.WIDE);

		@Actor
		public void writer() {
			setAndReset(this.context, ContextFixtures.WIDE);
		}

		@Actor
		public void reader(II_Result r) {
			Context snapshot = this.context.copy();
			r.r1 = present(snapshot, ContextFixtures.WIDE);
			r.r2 = whole(snapshot, ContextFixtures.WIDE);
		}

	}

	/**
	 * A snapshot has the first few of the new variables, all of the old ones, and nothing
	 * else.
	 */
	@JCStressTest
	@Outcome(id = { "0, 1", "1, 1", "3, 1", "7, 1" }, expect = Expect.ACCEPTABLE, desc = "One moment's state.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Never was a state.")
	@State
	public static class Deep {

		private final Context context = ContextFixtures.context(ContextFixtures.DEEP);

		@Actor
		public void writer() {
			setAndReset(this.context, ContextFixtures.DEEP);
		}

		@Actor
		public void reader(II_Result r) {
			Context snapshot = this.context.copy();
			r.r1 = present(snapshot, ContextFixtures.DEEP);
			r.r2 = whole(snapshot, ContextFixtures.DEEP);
		}

	}

	/**
	 * What is printed is one state too.
	 */
	@JCStressTest
	@Outcome(id = { "0, 1", "1, 1", "3, 1", "7, 1" }, expect = Expect.ACCEPTABLE, desc = "One moment's state.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Never was a state.")
	@State
	public static class Print {

		private final Context context = ContextFixtures.context(ContextFixtures.WIDE);

		@Actor
		public void writer() {
			setAndReset(this.context, ContextFixtures.WIDE);
		}

		@Actor
		public void reader(II_Result r) {
			String printed = this.context.toString();
			for (int i = 0; i < NEW; i++) {
				r.r1 |= printed.contains("<" + (ContextFixtures.WIDE + i) + ">") ? 1 << i : 0;
			}
			int count = printed.split(", ").length;
			r.r2 = (count == ContextFixtures.WIDE + Integer.bitCount(r.r1)) ? 1 : 0;
		}

	}

	/**
	 * A variable that is set and reset has its value or none.
	 */
	@JCStressTest
	@Outcome(id = { "-1, -1", "1, -1", "-1, 1", "1, 1" }, expect = Expect.ACCEPTABLE, desc = "Its value or none.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Something else.")
	@State
	public static class Lookup {

		private final Context context = ContextFixtures.context(ContextFixtures.WIDE);

		@Actor
		public void writer() {
			setAndReset(this.context, ContextFixtures.WIDE);
		}

		@Actor
		public void reader(II_Result r) {
			ContextVar<Integer> var = ContextFixtures.var(ContextFixtures.WIDE + 1);
			r.r1 = ContextFixtures.decode(this.context.get(var), ContextFixtures.WIDE + 1);
			try {
				r.r2 = ContextFixtures.decode(this.context.getOrThrow(var), ContextFixtures.WIDE + 1);
			}
			catch (NoSuchElementException ex) {
				r.r2 = -1;
			}
		}

	}

	/**
	 * A variable that stays set is always found, though setting and resetting others
	 * makes the map move it: 0 and 32, and 1 and 33, have the same place in a node 32
	 * wide.
	 */
	@JCStressTest
	@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "Found.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Lost.")
	@State
	public static class Neighbour {

		private final Context context = ContextFixtures.context(ContextFixtures.SMALL);

		@Actor
		public void writer() {
			setAndReset(this.context, 32);
		}

		@Actor
		public void reader(II_Result r) {
			r.r1 = ContextFixtures.get(this.context, 0);
			r.r2 = ContextFixtures.get(this.context, 1);
		}

	}

	/**
	 * The same with others that are far away.
	 */
	@JCStressTest
	@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "Found.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Lost.")
	@State
	public static class FarAway {

		private final Context context = new Context();

		public FarAway() {
			this.context.run(() -> {
				ContextFixtures.set(1_000, 0);
				ContextFixtures.set(1_001, 0);
			});
		}

		@Actor
		public void writer() {
			setAndReset(this.context, 30);
		}

		@Actor
		public void reader(II_Result r) {
			r.r1 = ContextFixtures.get(this.context, 1_000);
			r.r2 = ContextFixtures.get(this.context.copy(), 1_001);
		}

	}

	/**
	 * The size is that of one state.
	 */
	@JCStressTest
	@Outcome(id = { "40", "41", "42", "43" }, expect = Expect.ACCEPTABLE, desc = "One moment's size.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Never was the size.")
	@State
	public static class Size {

		private final Context context = ContextFixtures.context(ContextFixtures.WIDE);

		@Actor
		public void writer() {
			setAndReset(this.context, ContextFixtures.WIDE);
		}

		@Actor
		public void reader(I_Result r) {
			r.r1 = this.context.size();
		}

	}

}

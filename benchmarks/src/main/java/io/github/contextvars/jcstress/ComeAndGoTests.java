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
 * One thread gives values to variables that had none, and takes them away again, while
 * another one looks.
 */
public final class ComeAndGoTests {

	private static final int NEW = 3;

	private ComeAndGoTests() {
	}

	// One by one; those that came last go first.
	private static void comeAndGo(Context context, int from) {
		context.run(() -> come(from, from + NEW));
	}

	private static void come(int index, int end) {
		if (index < end) {
			Token<Integer> token = Stage.set(index, 1);
			come(index + 1, end);
			Stage.var(index).reset(token);
		}
	}

	// Which of the new variables a snapshot has, as bits.
	private static int present(Context snapshot, int from) {
		int present = 0;
		for (int i = 0; i < NEW; i++) {
			if (Stage.get(snapshot, from + i) == 1) {
				present |= 1 << i;
			}
		}
		return present;
	}

	private static int whole(Context snapshot, int from) {
		int count = 0;
		for (var entry : snapshot.entrySet()) {
			int index = Stage.indexOf(entry.getValue());
			if (entry.getKey() != Stage.var(index)
					|| Stage.decode(entry.getValue(), index) != ((index < from) ? 0 : 1)) {
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

		private final Context context = Stage.context(0);

		@Actor
		public void writer() {
			comeAndGo(this.context, 0);
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

		private final Context context = Stage.context(Stage.WIDE);

		@Actor
		public void writer() {
			comeAndGo(this.context, Stage.WIDE);
		}

		@Actor
		public void reader(II_Result r) {
			Context snapshot = this.context.copy();
			r.r1 = present(snapshot, Stage.WIDE);
			r.r2 = whole(snapshot, Stage.WIDE);
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

		private final Context context = Stage.context(Stage.DEEP);

		@Actor
		public void writer() {
			comeAndGo(this.context, Stage.DEEP);
		}

		@Actor
		public void reader(II_Result r) {
			Context snapshot = this.context.copy();
			r.r1 = present(snapshot, Stage.DEEP);
			r.r2 = whole(snapshot, Stage.DEEP);
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

		private final Context context = Stage.context(Stage.WIDE);

		@Actor
		public void writer() {
			comeAndGo(this.context, Stage.WIDE);
		}

		@Actor
		public void reader(II_Result r) {
			String printed = this.context.toString();
			for (int i = 0; i < NEW; i++) {
				r.r1 |= printed.contains("<" + (Stage.WIDE + i) + ">") ? 1 << i : 0;
			}
			int count = printed.split(", ").length;
			r.r2 = (count == Stage.WIDE + Integer.bitCount(r.r1)) ? 1 : 0;
		}

	}

	/**
	 * A variable that comes and goes has its value or none.
	 */
	@JCStressTest
	@Outcome(id = { "-1, -1", "1, -1", "-1, 1", "1, 1" }, expect = Expect.ACCEPTABLE, desc = "Its value or none.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Something else.")
	@State
	public static class Lookup {

		private final Context context = Stage.context(Stage.WIDE);

		@Actor
		public void writer() {
			comeAndGo(this.context, Stage.WIDE);
		}

		@Actor
		public void reader(II_Result r) {
			ContextVar<Integer> var = Stage.var(Stage.WIDE + 1);
			r.r1 = Stage.decode(this.context.get(var), Stage.WIDE + 1);
			try {
				r.r2 = Stage.decode(this.context.getOrThrow(var), Stage.WIDE + 1);
			}
			catch (NoSuchElementException ex) {
				r.r2 = -1;
			}
		}

	}

	/**
	 * A variable that stays is always found, though others that come and go make the map
	 * move it: 0 and 32, and 1 and 33, have the same place in a node 32 wide.
	 */
	@JCStressTest
	@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "Found.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Lost.")
	@State
	public static class Neighbour {

		private final Context context = Stage.context(Stage.SMALL);

		@Actor
		public void writer() {
			comeAndGo(this.context, 32);
		}

		@Actor
		public void reader(II_Result r) {
			r.r1 = Stage.get(this.context, 0);
			r.r2 = Stage.get(this.context, 1);
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
				Stage.set(1_000, 0);
				Stage.set(1_001, 0);
			});
		}

		@Actor
		public void writer() {
			comeAndGo(this.context, 30);
		}

		@Actor
		public void reader(II_Result r) {
			r.r1 = Stage.get(this.context, 1_000);
			r.r2 = Stage.get(this.context.copy(), 1_001);
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

		private final Context context = Stage.context(Stage.WIDE);

		@Actor
		public void writer() {
			comeAndGo(this.context, Stage.WIDE);
		}

		@Actor
		public void reader(I_Result r) {
			r.r1 = this.context.size();
		}

	}

}

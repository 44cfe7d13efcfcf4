package io.github.contextvars.jcstress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.III_Result;

import io.github.contextvars.Context;

/**
 * Two threads set variables at the same time, in contexts of which one is a copy of the
 * other.
 */
public final class CopyTests {

	private CopyTests() {
	}

	/**
	 * A copy is taken and changed while the original changes.
	 */
	@JCStressTest
	@Outcome(id = { "2, 2, 3, 1" }, expect = Expect.ACCEPTABLE, desc = "To each its own.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "One saw what the other did.")
	@State
	public static class OfEntered {

		private static final int LAST = Stage.WIDE - 1;

		private final Context context = Stage.context(Stage.WIDE);

		private Context copy = this.context;

		private int then;

		@Actor
		public void writer() {
			Stage.write(this.context, Stage.WIDE);
		}

		@Actor
		public void copier() {
			this.copy = this.context.copy();
			this.then = Stage.get(this.copy, LAST);
			this.copy.run(() -> Stage.set(0, 3));
		}

		@Arbiter
		public void later(IIII_Result r) {
			r.r1 = Stage.get(this.context, 0);
			r.r2 = Stage.get(this.context, LAST);
			r.r3 = Stage.get(this.copy, 0);
			r.r4 = (Stage.get(this.copy, LAST) == this.then) ? 1 : 0;
		}

	}

	/**
	 * Original and copy change at the same time.
	 */
	@JCStressTest
	@Outcome(id = "2, 3, 0", expect = Expect.ACCEPTABLE, desc = "To each its own.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "One saw what the other did.")
	@State
	public static class BothChange {

		private final Context context = Stage.context(Stage.DEEP);

		private final Context copy = this.context.copy();

		private final Context another = this.copy.copy();

		@Actor
		public void original() {
			Stage.write(this.context, Stage.DEEP);
		}

		@Actor
		public void copy() {
			this.copy.run(() -> {
				Stage.set(Stage.DEEP - 1, 3);
				Stage.set(0, 3);
			});
		}

		@Arbiter
		public void later(III_Result r) {
			r.r1 = Stage.get(this.context, 0);
			r.r2 = Stage.get(this.copy, Stage.DEEP - 1);
			r.r3 = Stage.get(this.another, 0) + Stage.get(this.another, Stage.DEEP - 1);
		}

	}

	/**
	 * Two threads take a copy at once, and each changes its own.
	 */
	@JCStressTest
	@Outcome(id = "1, 2, 0", expect = Expect.ACCEPTABLE, desc = "To each its own.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "One saw what the other did.")
	@State
	public static class ByTwo {

		private final Context context = Stage.context(Stage.WIDE);

		private int change(int value) {
			Context copy = this.context.copy();
			copy.run(() -> Stage.set(0, value));
			return Stage.get(copy, 0);
		}

		@Actor
		public void one(III_Result r) {
			r.r1 = change(1);
		}

		@Actor
		public void other(III_Result r) {
			r.r2 = change(2);
		}

		@Arbiter
		public void later(III_Result r) {
			r.r3 = Stage.get(this.context, 0);
		}

	}

}

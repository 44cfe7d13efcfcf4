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
 * jcstress tests in which two threads set variables at the same time, one in a context
 * and one in its copy.
 */
public final class CopyTests {

	private CopyTests() {
	}

	/**
	 * A copy is taken and changed while the original changes.
	 */
	@JCStressTest
	@Outcome(id = { "2, 2, 3, 1" }, expect = Expect.ACCEPTABLE, desc = "Independent.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "One saw what the other set.")
	@State
	public static class OfEntered {

		private static final int LAST = ContextFixtures.WIDE - 1;

		private final Context context = ContextFixtures.context(ContextFixtures.WIDE);

		private Context copy = this.context;

		private int then;

		@Actor
		public void writer() {
			ContextFixtures.write(this.context, ContextFixtures.WIDE);
		}

		@Actor
		public void copier() {
			this.copy = this.context.copy();
			this.then = ContextFixtures.get(this.copy, LAST);
			this.copy.run(() -> ContextFixtures.set(0, 3));
		}

		@Arbiter
		public void later(IIII_Result r) {
			r.r1 = ContextFixtures.get(this.context, 0);
			r.r2 = ContextFixtures.get(this.context, LAST);
			r.r3 = ContextFixtures.get(this.copy, 0);
			r.r4 = (ContextFixtures.get(this.copy, LAST) == this.then) ? 1 : 0;
		}

	}

	/**
	 * Original and copy change at the same time.
	 */
	@JCStressTest
	@Outcome(id = "2, 3, 0", expect = Expect.ACCEPTABLE, desc = "Independent.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "One saw what the other set.")
	@State
	public static class BothChange {

		private final Context context = ContextFixtures.context(ContextFixtures.DEEP);

		private final Context copy = this.context.copy();

		private final Context another = this.copy.copy();

		@Actor
		public void original() {
			ContextFixtures.write(this.context, ContextFixtures.DEEP);
		}

		@Actor
		public void copy() {
			this.copy.run(() -> {
				ContextFixtures.set(ContextFixtures.DEEP - 1, 3);
				ContextFixtures.set(0, 3);
			});
		}

		@Arbiter
		public void later(III_Result r) {
			r.r1 = ContextFixtures.get(this.context, 0);
			r.r2 = ContextFixtures.get(this.copy, ContextFixtures.DEEP - 1);
			r.r3 = ContextFixtures.get(this.another, 0) + ContextFixtures.get(this.another, ContextFixtures.DEEP - 1);
		}

	}

	/**
	 * Two threads take a copy at once, and each changes its own.
	 */
	@JCStressTest
	@Outcome(id = "1, 2, 0", expect = Expect.ACCEPTABLE, desc = "Independent.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "One saw what the other set.")
	@State
	public static class ByTwo {

		private final Context context = ContextFixtures.context(ContextFixtures.WIDE);

		private int change(int value) {
			Context copy = this.context.copy();
			copy.run(() -> ContextFixtures.set(0, value));
			return ContextFixtures.get(copy, 0);
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
			r.r3 = ContextFixtures.get(this.context, 0);
		}

	}

}

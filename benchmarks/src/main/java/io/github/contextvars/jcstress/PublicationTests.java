package io.github.contextvars.jcstress;

import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

import io.github.contextvars.Context;

/**
 * jcstress tests in which a data race publishes a context to another thread.
 */
public final class PublicationTests {

	private PublicationTests() {
	}

	private static void read(@Nullable Context context, II_Result r) {
		Context snapshot = (context != null) ? context.copy() : null;
		r.r1 = (snapshot != null) ? ContextFixtures.get(snapshot, 0) : -3;
		r.r2 = (snapshot != null) ? ContextFixtures.get(snapshot, 1) : -3;
	}

	/**
	 * A new one, with values.
	 */
	@JCStressTest
	@Outcome(id = { "-3, -3", "1, 1" }, expect = Expect.ACCEPTABLE, desc = "Not there yet, or whole.")
	@Outcome(id = { "-1, -1", "1, -1" }, expect = Expect.ACCEPTABLE_INTERESTING, desc = "An earlier state.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Never was a state.")
	@State
	public static class OfNew {

		private @Nullable Context context;

		@Actor
		public void maker() {
			Context made = new Context();
			made.run(() -> {
				ContextFixtures.set(0, 1);
				ContextFixtures.set(1, 1);
			});
			this.context = made;
		}

		@Actor
		public void reader(II_Result r) {
			read(this.context, r);
		}

	}

	/**
	 * A copy.
	 */
	@JCStressTest
	@Outcome(id = { "-3, -3", "0, 0" }, expect = Expect.ACCEPTABLE, desc = "Not there yet, or whole.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Never was a state.")
	@State
	public static class OfCopy {

		private final Context original = ContextFixtures.context(ContextFixtures.SMALL);

		private @Nullable Context context;

		@Actor
		public void maker() {
			this.context = this.original.copy();
		}

		@Actor
		public void reader(II_Result r) {
			read(this.context, r);
		}

	}

}

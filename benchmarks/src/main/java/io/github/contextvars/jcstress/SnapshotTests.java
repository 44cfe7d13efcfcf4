package io.github.contextvars.jcstress;

import java.util.Map;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

/**
 * jcstress tests in which one thread sets two variables in turn while another thread
 * reads them: what it reads may be old, but must be the state of one moment.
 */
public final class SnapshotTests {

	private SnapshotTests() {
	}

	private static void iterate(Context context, int size, II_Result r) {
		r.r1 = -1;
		r.r2 = -1;
		for (Map.Entry<ContextVar<?>, Object> entry : context.entrySet()) {
			if (entry.getKey() == ContextFixtures.var(0)) {
				r.r1 = ContextFixtures.decode(entry.getValue(), 0);
			}
			else if (entry.getKey() == ContextFixtures.var(size - 1)) {
				r.r2 = ContextFixtures.decode(entry.getValue(), size - 1);
			}
		}
	}

	private static Context copy(Context context, int size, III_Result r) {
		Context copy = context.copy();
		r.r1 = ContextFixtures.get(copy, 0);
		r.r2 = ContextFixtures.get(copy, size - 1);
		return copy;
	}

	private static int unchanged(Context copy, int size, III_Result r) {
		return (ContextFixtures.get(copy, 0) == r.r1 && ContextFixtures.get(copy, size - 1) == r.r2) ? 1 : 0;
	}

	/**
	 * An iterator walks the state at its creation.
	 */
	@JCStressTest
	@Outcome(id = { "0, 0", "1, 0", "1, 1", "1, 2", "2, 2" }, expect = Expect.ACCEPTABLE, desc = "One moment's state.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Never was a state.")
	@State
	public static class IterateSmall {

		private final Context context = ContextFixtures.context(ContextFixtures.SMALL);

		@Actor
		public void writer() {
			ContextFixtures.write(this.context, ContextFixtures.SMALL);
		}

		@Actor
		public void reader(II_Result r) {
			iterate(this.context, ContextFixtures.SMALL, r);
		}

	}

	/**
	 * A copy has the state at its creation, and keeps it.
	 */
	@JCStressTest
	@Outcome(id = { "0, 0, 1", "1, 0, 1", "1, 1, 1", "1, 2, 1", "2, 2, 1" }, expect = Expect.ACCEPTABLE,
			desc = "One moment's state, and for good.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Never was a state, or changed in the copy.")
	@State
	public static class CopySmall {

		private final Context context = ContextFixtures.context(ContextFixtures.SMALL);

		private Context copy = this.context;

		@Actor
		public void writer() {
			ContextFixtures.write(this.context, ContextFixtures.SMALL);
		}

		@Actor
		public void reader(III_Result r) {
			this.copy = copy(this.context, ContextFixtures.SMALL, r);
		}

		@Arbiter
		public void later(III_Result r) {
			r.r3 = unchanged(this.copy, ContextFixtures.SMALL, r);
		}

	}

	/**
	 * An iterator walks the state at its creation.
	 */
	@JCStressTest
	@Outcome(id = { "0, 0", "1, 0", "1, 1", "1, 2", "2, 2" }, expect = Expect.ACCEPTABLE, desc = "One moment's state.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Never was a state.")
	@State
	public static class IterateWide {

		private final Context context = ContextFixtures.context(ContextFixtures.WIDE);

		@Actor
		public void writer() {
			ContextFixtures.write(this.context, ContextFixtures.WIDE);
		}

		@Actor
		public void reader(II_Result r) {
			iterate(this.context, ContextFixtures.WIDE, r);
		}

	}

	/**
	 * A copy has the state at its creation, and keeps it.
	 */
	@JCStressTest
	@Outcome(id = { "0, 0, 1", "1, 0, 1", "1, 1, 1", "1, 2, 1", "2, 2, 1" }, expect = Expect.ACCEPTABLE,
			desc = "One moment's state, and for good.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Never was a state, or changed in the copy.")
	@State
	public static class CopyWide {

		private final Context context = ContextFixtures.context(ContextFixtures.WIDE);

		private Context copy = this.context;

		@Actor
		public void writer() {
			ContextFixtures.write(this.context, ContextFixtures.WIDE);
		}

		@Actor
		public void reader(III_Result r) {
			this.copy = copy(this.context, ContextFixtures.WIDE, r);
		}

		@Arbiter
		public void later(III_Result r) {
			r.r3 = unchanged(this.copy, ContextFixtures.WIDE, r);
		}

	}

	/**
	 * An iterator walks the state at its creation.
	 */
	@JCStressTest
	@Outcome(id = { "0, 0", "1, 0", "1, 1", "1, 2", "2, 2" }, expect = Expect.ACCEPTABLE, desc = "One moment's state.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Never was a state.")
	@State
	public static class IterateDeep {

		private final Context context = ContextFixtures.context(ContextFixtures.DEEP);

		@Actor
		public void writer() {
			ContextFixtures.write(this.context, ContextFixtures.DEEP);
		}

		@Actor
		public void reader(II_Result r) {
			iterate(this.context, ContextFixtures.DEEP, r);
		}

	}

	/**
	 * A copy has the state at its creation, and keeps it.
	 */
	@JCStressTest
	@Outcome(id = { "0, 0, 1", "1, 0, 1", "1, 1, 1", "1, 2, 1", "2, 2, 1" }, expect = Expect.ACCEPTABLE,
			desc = "One moment's state, and for good.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Never was a state, or changed in the copy.")
	@State
	public static class CopyDeep {

		private final Context context = ContextFixtures.context(ContextFixtures.DEEP);

		private Context copy = this.context;

		@Actor
		public void writer() {
			ContextFixtures.write(this.context, ContextFixtures.DEEP);
		}

		@Actor
		public void reader(III_Result r) {
			this.copy = copy(this.context, ContextFixtures.DEEP, r);
		}

		@Arbiter
		public void later(III_Result r) {
			r.r3 = unchanged(this.copy, ContextFixtures.DEEP, r);
		}

	}

	/**
	 * A wrapped function has the state of when it was wrapped.
	 */
	@JCStressTest
	@Outcome(id = { "0, 0", "1, 0", "1, 1", "1, 2", "2, 2" }, expect = Expect.ACCEPTABLE, desc = "One moment's state.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Never was a state.")
	@State
	public static class Wrap {

		private final Context context = ContextFixtures.context(ContextFixtures.WIDE);

		@Actor
		public void writer() {
			ContextFixtures.write(this.context, ContextFixtures.WIDE);
		}

		@Actor
		public void reader(II_Result r) {
			this.context.wrap(() -> {
				r.r1 = ContextFixtures.decode(ContextFixtures.var(0).get(), 0);
				r.r2 = ContextFixtures.decode(ContextFixtures.var(ContextFixtures.WIDE - 1).get(),
						ContextFixtures.WIDE - 1);
			}).run();
		}

	}

	/**
	 * A context is never equal to what it never was.
	 */
	@JCStressTest
	@Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "Not equal.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Equal to what never was a state.")
	@State
	public static class Equals {

		private static final Context[] IMPOSSIBLE = { with(0, 1), with(0, 2), with(2, 0), with(2, 1) };

		private final Context context = ContextFixtures.context(ContextFixtures.WIDE);

		private static Context with(int first, int last) {
			Context context = ContextFixtures.context(ContextFixtures.WIDE);
			context.run(() -> {
				ContextFixtures.set(0, first);
				ContextFixtures.set(ContextFixtures.WIDE - 1, last);
			});
			return context;
		}

		@Actor
		public void writer() {
			ContextFixtures.write(this.context, ContextFixtures.WIDE);
		}

		@Actor
		public void reader(I_Result r) {
			for (Context impossible : IMPOSSIBLE) {
				if (this.context.equals(impossible) || impossible.equals(this.context)) {
					r.r1 = 1;
				}
			}
		}

	}

	/**
	 * Two lookups, the last variable first: the second is not older than the first.
	 */
	@JCStressTest
	@Outcome(id = { "0, 0", "1, 0", "2, 0", "1, 1", "2, 1", "1, 2", "2, 2" }, expect = Expect.ACCEPTABLE,
			desc = "In the order in which they were set.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Back in time, or no value.")
	@State
	public static class GetWide {

		private final Context context = ContextFixtures.context(ContextFixtures.WIDE);

		@Actor
		public void writer() {
			ContextFixtures.write(this.context, ContextFixtures.WIDE);
		}

		@Actor
		public void reader(II_Result r) {
			r.r2 = ContextFixtures.get(this.context, ContextFixtures.WIDE - 1);
			r.r1 = ContextFixtures.get(this.context, 0);
		}

	}

	/**
	 * Two lookups, the last variable first: the second is not older than the first.
	 */
	@JCStressTest
	@Outcome(id = { "0, 0", "1, 0", "2, 0", "1, 1", "2, 1", "1, 2", "2, 2" }, expect = Expect.ACCEPTABLE,
			desc = "In the order in which they were set.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Back in time, or no value.")
	@State
	public static class GetDeep {

		private final Context context = ContextFixtures.context(ContextFixtures.DEEP);

		@Actor
		public void writer() {
			ContextFixtures.write(this.context, ContextFixtures.DEEP);
		}

		@Actor
		public void reader(II_Result r) {
			r.r2 = ContextFixtures.get(this.context, ContextFixtures.DEEP - 1);
			r.r1 = ContextFixtures.get(this.context, 0);
		}

	}

}

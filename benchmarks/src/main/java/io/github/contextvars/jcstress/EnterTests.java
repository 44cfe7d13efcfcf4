package io.github.contextvars.jcstress;

import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.Token;

/**
 * jcstress tests in which two threads enter one context.
 */
public final class EnterTests {

	private static final ContextVar<Integer> VAR = ContextVar.of("var", 0);

	private EnterTests() {
	}

	private static int enter(Context context, Runnable body) {
		try {
			context.run(body);
			return 1;
		}
		catch (IllegalStateException ex) {
			return 0;
		}
	}

	/**
	 * The threads are in the context one after the other, if both enter it, and no value
	 * is lost.
	 */
	@JCStressTest
	@Outcome(id = { "1, 0, 1", "0, 1, 1", "1, 1, 2" }, expect = Expect.ACCEPTABLE, desc = "One at a time.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Both at a time, or none.")
	@State
	public static class Race {

		private final Context context = new Context();

		private void count() {
			VAR.set(VAR.get() + 1);
		}

		@Actor
		public void one(III_Result r) {
			r.r1 = enter(this.context, this::count);
		}

		@Actor
		public void other(III_Result r) {
			r.r2 = enter(this.context, this::count);
		}

		@Arbiter
		public void later(III_Result r) {
			r.r3 = this.context.getOrDefault(VAR, 0);
		}

	}

	/**
	 * The same with scopes, which keep the context entered a little longer.
	 */
	@JCStressTest
	@Outcome(id = { "1, 0, 1", "0, 1, 1", "1, 1, 2" }, expect = Expect.ACCEPTABLE, desc = "One at a time.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Both at a time, or none.")
	@State
	public static class Scopes {

		private final Context context = new Context();

		private int count;

		private int enterAndCount() {
			try (Context.Scope scope = this.context.enter()) {
				this.count++;
				return 1;
			}
			catch (IllegalStateException ex) {
				return 0;
			}
		}

		@Actor
		public void one(III_Result r) {
			r.r1 = enterAndCount();
		}

		@Actor
		public void other(III_Result r) {
			r.r2 = enterAndCount();
		}

		@Arbiter
		public void later(III_Result r) {
			r.r3 = this.count;
		}

	}

	/**
	 * A scope is closed by the thread that opened it and by no other; the context is free
	 * afterwards.
	 */
	@JCStressTest
	@Outcome(id = { "1, -1, 1", "1, 0, 1" }, expect = Expect.ACCEPTABLE, desc = "Closed by its opener.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Closed by the other thread, or not at all.")
	@State
	public static class Close {

		private final Context context = new Context();

		private Context.@Nullable Scope scope;

		private static int close(Context.@Nullable Scope scope) {
			if (scope == null) {
				return -1;
			}
			try {
				scope.close();
				return 1;
			}
			catch (IllegalStateException ex) {
				return 0;
			}
		}

		@Actor
		public void opener(III_Result r) {
			Context.Scope opened = this.context.enter();
			this.scope = opened;
			r.r1 = close(opened);
		}

		@Actor
		public void other(III_Result r) {
			r.r2 = close(this.scope);
		}

		@Arbiter
		public void later(III_Result r) {
			r.r3 = enter(this.context, () -> {
			});
		}

	}

	/**
	 * Of two resets with one token, one works.
	 */
	@JCStressTest
	@Outcome(id = { "1, 0, 1", "0, 1, 1" }, expect = Expect.ACCEPTABLE, desc = "Used once.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Used twice, or never.")
	@State
	public static class Reset {

		private final Context context = new Context();

		private final Token<Integer> token = this.context.call(() -> {
			VAR.set(1);
			return VAR.set(2);
		});

		@Actor
		public void one(III_Result r) {
			r.r1 = enter(this.context, () -> VAR.reset(this.token));
		}

		@Actor
		public void other(III_Result r) {
			r.r2 = enter(this.context, () -> VAR.reset(this.token));
		}

		@Arbiter
		public void later(III_Result r) {
			r.r3 = this.context.getOrDefault(VAR, 0);
		}

	}

	/**
	 * A thread that enters the context after another one sees all that the other did
	 * there, plain fields included.
	 */
	@JCStressTest
	@Outcome(id = { "0, 0", "1, 1", "-1, -1" }, expect = Expect.ACCEPTABLE, desc = "All or nothing, or refused.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A part of it.")
	@State
	public static class Visibility {

		private final Context context = ContextFixtures.context(ContextFixtures.WIDE);

		private int plain;

		@Actor
		public void one() {
			enter(this.context, () -> {
				this.plain = 1;
				ContextFixtures.set(ContextFixtures.WIDE - 1, 1);
			});
		}

		@Actor
		public void other(II_Result r) {
			r.r1 = -1;
			r.r2 = -1;
			enter(this.context, () -> {
				r.r1 = ContextFixtures.decode(ContextFixtures.var(ContextFixtures.WIDE - 1).get(),
						ContextFixtures.WIDE - 1);
				r.r2 = this.plain;
			});
		}

	}

	/**
	 * Each thread is in its own context, and in none afterwards.
	 */
	@JCStressTest
	@Outcome(id = "1, 2, 0", expect = Expect.ACCEPTABLE, desc = "Independent.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A value of the other thread, or one that stayed.")
	@State
	public static class Apart {

		private volatile int stayed;

		private int inside(int value) {
			int seen = new Context().call(() -> {
				VAR.set(value);
				new Context().run(() -> VAR.set(-1));
				return VAR.get();
			});
			if (VAR.get() != 0) {
				this.stayed = 1;
			}
			return seen;
		}

		@Actor
		public void one(III_Result r) {
			r.r1 = inside(1);
		}

		@Actor
		public void other(III_Result r) {
			r.r2 = inside(2);
		}

		@Arbiter
		public void later(III_Result r) {
			r.r3 = this.stayed;
		}

	}

}

package io.github.contextvars;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Random operations against a model made of hash maps. {@code -Dcontextvars.seed=…}
 * repeats a run.
 */
class ModelTests {

	private static final int OPERATIONS = 400_000;

	@Test
	void randomOperationsWhenComparedWithAModelShowNoDifference() throws Exception {
		long seed = Seeds.seed();

		try (LogCapture log = LogCapture.open()) {
			TestThreads.run(() -> new Play(seed, log).play());
		}
	}

	/**
	 * One context beside what it should be.
	 */
	private static final class Model {

		private final Context context;

		private final Map<ContextVar<?>, Object> values;

		private boolean entered;

		Model(Context context, Map<ContextVar<?>, Object> values) {
			this.context = context;
			this.values = new HashMap<>(values);
		}

	}

	/**
	 * One entering, by {@code run} if there is no scope.
	 */
	private static final class Frame {

		private final Model model;

		private final Context.Scope scope;

		Frame(Model model, Context.Scope scope) {
			this.model = model;
			this.scope = scope;
		}

	}

	private static final class Minted {

		private final Token<Object> token;

		private final Model home;

		private final Object oldValue;

		private boolean used;

		Minted(Token<Object> token, Model home, Object oldValue) {
			this.token = token;
			this.home = home;
			this.oldValue = oldValue;
		}

	}

	private static final class BodyException extends RuntimeException {

	}

	/**
	 * A wrapped body that answers what it sees, beside what it should see.
	 */
	private record Wrapped(Supplier<Map<ContextVar<?>, Object>> body, Map<ContextVar<?>, Object> values) {
	}

	private static final class Play {

		private final long seed;

		private final LogCapture log;

		private final Random random;

		private final List<ContextVar<Object>> variables = IntStream.range(0, 60)
			.mapToObj((i) -> (i % 3 == 0) ? ContextVar.<Object>of("v" + i, "default" + i)
					: ContextVar.<Object>of("v" + i))
			.toList();

		private final List<Model> models = new ArrayList<>();

		private final List<Frame> stack = new ArrayList<>();

		private final List<Frame> scopes = new ArrayList<>();

		private final List<Minted> tokens = new ArrayList<>();

		private final List<Wrapped> wrapped = new ArrayList<>();

		private Model baseModel;

		private int operation;

		private int nesting;

		private long leaks;

		private long reported;

		private String doing = "";

		Play(long seed, LogCapture log) {
			this.seed = seed;
			this.log = log;
			this.random = new Random(seed);
		}

		void play() {
			try {
				for (int i = 0; i < 12; i++) {
					this.models.add(new Model(new Context(), Map.of()));
				}
				while (this.operation < OPERATIONS) {
					operate();
				}
				for (Model model : this.models) {
					check(model.context.equals(model.values));
				}
			}
			catch (Throwable ex) {
				throw new AssertionError("operation " + this.operation + " (" + this.doing + "), seed " + this.seed,
						ex);
			}
		}

		private void operate() {
			this.operation++;
			switch (this.random.nextInt(16)) {
				case 0, 1, 2 -> set();
				case 3, 4, 5 -> reset();
				case 6, 7 -> run();
				case 8 -> copy();
				case 9 -> enter();
				case 10, 11 -> close();
				case 12 -> wrap();
				case 13 -> callWrapped();
				case 14 -> iterate();
				default -> compare();
			}
			read();
			if (this.log.records().size() > 100) {
				countReports();
			}
		}

		private void set() {
			this.doing = "set";
			ContextVar<Object> var = pick(this.variables);
			Object value = (this.random.nextInt(8) != 0) ? this.random.nextInt(50) : null;
			Token<Object> token = var.set(value);
			if (current() == null) {
				this.baseModel = new Model(null, Map.of());
			}
			Model home = current();
			Object oldValue = home.values.getOrDefault(var, Token.MISSING);
			home.values.put(var, value);
			check(token.var() == var);
			check(Objects.equals(token.oldValue(), oldValue));
			keep(this.tokens, new Minted(token, home, oldValue), 200);
		}

		private void reset() {
			this.doing = "reset";
			if (this.tokens.isEmpty()) {
				return;
			}
			Minted minted = pick(this.tokens);
			ContextVar<Object> by = (this.random.nextInt(6) != 0) ? minted.token.var() : pick(this.variables);
			Class<?> expected = null;
			if (minted.used) {
				expected = IllegalStateException.class;
			}
			else if (by != minted.token.var() || minted.home != current()) {
				expected = IllegalArgumentException.class;
			}
			Class<?> thrown = null;
			try {
				by.reset(minted.token);
			}
			catch (IllegalStateException | IllegalArgumentException ex) {
				thrown = ex.getClass();
			}
			check(thrown == expected);
			if (thrown == null) {
				minted.used = true;
				if (minted.oldValue == Token.MISSING) {
					minted.home.values.remove(by);
				}
				else {
					minted.home.values.put(by, minted.oldValue);
				}
			}
		}

		private void run() {
			this.doing = "run";
			if (this.nesting > 8) {
				return;
			}
			Model model = pick(this.models);
			Frame frame = new Frame(model, null);
			boolean throwing = this.random.nextInt(4) == 0;
			boolean refused = model.entered;
			boolean[] began = new boolean[1];
			try {
				model.context.run(() -> {
					began[0] = true;
					model.entered = true;
					this.stack.add(frame);
					this.nesting++;
					read();
					for (int i = this.random.nextInt(12); i > 0; i--) {
						operate();
					}
					this.nesting--;
					if (throwing) {
						throw new BodyException();
					}
				});
				check(!throwing && !refused);
			}
			catch (BodyException ex) {
				check(throwing);
			}
			catch (IllegalStateException ex) {
				check(refused && !began[0]);
			}
			if (began[0]) {
				leave(frame);
			}
		}

		private void copy() {
			this.doing = "copy";
			Model copy;
			if (this.random.nextBoolean()) {
				Model original = pick(this.models);
				copy = new Model(original.context.copy(), original.values);
			}
			else {
				copy = new Model(Context.copyOfCurrent(), currentValues());
			}
			keep(this.models, copy, 24);
		}

		private void enter() {
			this.doing = "enter";
			Model model = pick(this.models);
			boolean refused = model.entered;
			try {
				Frame frame = new Frame(model, model.context.enter());
				check(!refused);
				model.entered = true;
				this.stack.add(frame);
				keep(this.scopes, frame, 16);
			}
			catch (IllegalStateException ex) {
				check(refused);
			}
		}

		private void close() {
			this.doing = "close";
			if (this.scopes.isEmpty()) {
				return;
			}
			int last = this.scopes.size() - 1;
			Frame frame = (this.random.nextInt(3) != 0) ? this.scopes.get(last) : pick(this.scopes);
			if (this.random.nextInt(4) != 0) {
				this.scopes.remove(frame);
			}
			frame.scope.close();
			leave(frame);
		}

		private void wrap() {
			this.doing = "wrap";
			Model model = pick(this.models);
			ContextVar<Object> var = pick(this.variables);
			keep(this.wrapped, new Wrapped(model.context.wrapSupplier(() -> {
				Map<ContextVar<?>, Object> seen = new HashMap<>(Context.copyOfCurrent());
				var.set("of a wrapped body");
				return seen;
			}), new HashMap<>(model.values)), 24);
		}

		private void callWrapped() {
			this.doing = "call wrapped";
			if (!this.wrapped.isEmpty()) {
				Wrapped one = pick(this.wrapped);
				check(one.body.get().equals(one.values));
			}
		}

		private void iterate() {
			this.doing = "iterate";
			Model model = pick(this.models);
			Map<ContextVar<?>, Object> then = new HashMap<>(model.values);
			Iterator<Map.Entry<ContextVar<?>, Object>> iterator = model.context.entrySet().iterator();
			if (!model.entered) {
				ContextVar<Object> var = pick(this.variables);
				model.context.run(() -> var.set("while iterating"));
				model.values.put(var, "while iterating");
			}
			Map<ContextVar<?>, Object> seen = new HashMap<>();
			int count = 0;
			while (iterator.hasNext()) {
				Map.Entry<ContextVar<?>, Object> entry = iterator.next();
				seen.put(entry.getKey(), entry.getValue());
				count++;
			}
			check(seen.equals(then) && count == then.size());
			check(model.context.keySet().equals(model.values.keySet()));
			check(model.context.size() == model.values.size());
		}

		private void compare() {
			this.doing = "compare";
			Model one = pick(this.models);
			Model other = pick(this.models);
			check(one.context.equals(other.context) == one.values.equals(other.values));
			check(one.context.equals(one.values) && one.values.equals(one.context));
			check(one.context.hashCode() == one.values.hashCode());
		}

		private void read() {
			ContextVar<Object> var = pick(this.variables);
			Map<ContextVar<?>, Object> values = currentValues();
			check(Objects.equals(var.get("fallback"), values.getOrDefault(var, "fallback")));
			int index = this.variables.indexOf(var);
			Object seen;
			try {
				seen = var.get();
			}
			catch (NoSuchElementException ex) {
				seen = Token.MISSING;
			}
			Object otherwise = (index % 3 == 0) ? "default" + index : Token.MISSING;
			check(Objects.equals(seen, values.getOrDefault(var, otherwise)));
		}

		private void leave(Frame frame) {
			int at = this.stack.indexOf(frame);
			if (at < 0) {
				return;
			}
			while (this.stack.size() > at) {
				this.stack.remove(this.stack.size() - 1).model.entered = false;
				this.leaks++;
			}
			this.leaks--;
		}

		private void countReports() {
			this.reported += this.log.records().size();
			this.log.records().clear();
			check(this.reported == this.leaks);
		}

		private Model current() {
			return this.stack.isEmpty() ? this.baseModel : this.stack.get(this.stack.size() - 1).model;
		}

		private Map<ContextVar<?>, Object> currentValues() {
			Model current = current();
			return (current != null) ? current.values : Map.of();
		}

		private <E> E pick(List<E> list) {
			return list.get(this.random.nextInt(list.size()));
		}

		private <E> void keep(List<E> list, E element, int most) {
			if (list.size() < most) {
				list.add(element);
			}
			else {
				list.set(this.random.nextInt(most), element);
			}
		}

		private void check(boolean same) {
			if (!same) {
				assertThat(same).as("operation %d (%s), seed %d", this.operation, this.doing, this.seed).isTrue();
			}
		}

	}

}

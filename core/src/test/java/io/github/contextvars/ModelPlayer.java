package io.github.contextvars;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Thread of a {@link ModelGame}, with its stack of entered contexts and the operations.
 */
final class ModelPlayer {

	final Semaphore turn = new Semaphore(0);

	private final ModelGame game;

	private final List<ModelGame.Frame> stack = new ArrayList<>();

	private ModelGame.Model baseModel;

	private int nesting;

	private String doing = "beginning";

	ModelPlayer(ModelGame game) {
		this.game = game;
	}

	String doing() {
		return this.doing;
	}

	void awaitTurn() {
		this.turn.acquireUninterruptibly();
		if (this.game.isFailed()) {
			throw new AssertionError("another player failed");
		}
	}

	void play() {
		while (operate()) {
			check(this.nesting == 0);
		}
	}

	private boolean operate() {
		if (!this.game.goesOn(this)) {
			return false;
		}
		switch (this.game.random.nextInt(19)) {
			case 0, 1, 2 -> set();
			case 3, 4, 5 -> reset();
			case 6, 7 -> run();
			case 8 -> copy();
			case 9 -> enter();
			case 10, 11 -> close();
			case 12 -> wrap();
			case 13 -> callWrapped();
			case 14 -> iterate();
			case 15 -> submit();
			case 16, 17 -> runSubmitted();
			default -> compare();
		}
		read();
		return true;
	}

	private void set() {
		this.doing = "set";
		ContextVar<Object> var = this.game.pick(this.game.variables);
		Object value = (this.game.random.nextInt(8) != 0) ? this.game.random.nextInt(50) : null;
		Token<Object> token = var.set(value);
		if (current() == null) {
			this.baseModel = new ModelGame.Model(null, Map.of());
		}
		ModelGame.Model home = current();
		Object oldValue = home.values.getOrDefault(var, Token.MISSING);
		home.values.put(var, value);
		check(token.var() == var);
		check(Objects.equals(token.oldValue(), oldValue));
		this.game.keep(this.game.tokens, new ModelGame.IssuedToken(token, home, oldValue), 200);
	}

	private void reset() {
		this.doing = "reset";
		if (this.game.tokens.isEmpty()) {
			return;
		}
		ModelGame.IssuedToken issued = this.game.pick(this.game.tokens);
		ContextVar<Object> by = (this.game.random.nextInt(6) != 0) ? issued.token.var()
				: this.game.pick(this.game.variables);
		Class<?> expected = null;
		if (issued.used) {
			expected = IllegalStateException.class;
		}
		else if (by != issued.token.var() || issued.home != current()) {
			expected = IllegalArgumentException.class;
		}
		check(thrownBy(() -> by.reset(issued.token)) == expected);
		if (expected == null) {
			issued.used = true;
			if (issued.oldValue == Token.MISSING) {
				issued.home.values.remove(by);
			}
			else {
				issued.home.values.put(by, issued.oldValue);
			}
		}
	}

	private void run() {
		this.doing = "run";
		if (this.nesting > 8) {
			return;
		}
		ModelGame.Model model = this.game.pick(this.game.models);
		ModelGame.Frame frame = new ModelGame.Frame(this, model, null);
		boolean throwing = this.game.random.nextInt(4) == 0;
		boolean refused = model.entered;
		Class<?> thrown = thrownBy(() -> model.context.run(() -> {
			check(!refused);
			model.entered = true;
			this.stack.add(frame);
			body();
			if (throwing) {
				throw new BodyException();
			}
		}));
		if (refused) {
			check(thrown == IllegalStateException.class);
		}
		else {
			check(thrown == (throwing ? BodyException.class : null));
			leave(frame);
		}
	}

	private void body() {
		this.nesting++;
		read();
		for (int i = this.game.random.nextInt(12); i > 0 && operate(); i--) {
			read();
		}
		this.nesting--;
	}

	private void copy() {
		this.doing = "copy";
		ModelGame.Model copy;
		if (this.game.random.nextBoolean()) {
			ModelGame.Model original = this.game.pick(this.game.models);
			copy = new ModelGame.Model(original.context.copy(), original.values);
		}
		else {
			copy = new ModelGame.Model(Context.copyOfCurrent(), currentValues());
		}
		this.game.keep(this.game.models, copy, 24);
	}

	private void enter() {
		this.doing = "enter";
		ModelGame.Model model = this.game.pick(this.game.models);
		AtomicReference<Context.Scope> scope = new AtomicReference<>();
		Class<?> thrown = thrownBy(() -> scope.set(model.context.enter()));
		check(thrown == (model.entered ? IllegalStateException.class : null));
		if (thrown == null) {
			model.entered = true;
			ModelGame.Frame frame = new ModelGame.Frame(this, model, scope.get());
			this.stack.add(frame);
			this.game.keep(this.game.scopes, frame, 16);
		}
	}

	private void close() {
		this.doing = "close";
		if (this.game.scopes.isEmpty()) {
			return;
		}
		List<ModelGame.Frame> own = this.stack.stream().filter((frame) -> frame.scope() != null).toList();
		ModelGame.Frame frame = (own.isEmpty() || this.game.random.nextInt(3) == 0) ? this.game.pick(this.game.scopes)
				: own.get(own.size() - 1);
		boolean mine = frame.player() == this;
		check(thrownBy(frame.scope()::close) == (mine ? null : IllegalStateException.class));
		if (mine) {
			leave(frame);
		}
	}

	private void wrap() {
		this.doing = "wrap";
		ModelGame.Model model = this.game.pick(this.game.models);
		ContextVar<Object> var = this.game.pick(this.game.variables);
		this.game.keep(this.game.wrapped, new ModelGame.Wrapped(model.context.wrapSupplier(() -> {
			Map<ContextVar<?>, Object> seen = new HashMap<>(Context.copyOfCurrent());
			var.set("of a wrapped body");
			return seen;
		}), new HashMap<>(model.values)), 24);
	}

	private void callWrapped() {
		this.doing = "call wrapped";
		if (!this.game.wrapped.isEmpty()) {
			ModelGame.Wrapped one = this.game.pick(this.game.wrapped);
			check(one.body().get().equals(one.values()));
		}
	}

	private void submit() {
		this.doing = "submit";
		if (this.game.submitted.size() > 50) {
			return;
		}
		ModelGame.Model model = this.game.pick(this.game.models);
		Map<ContextVar<?>, Object> seen = new HashMap<>();
		AtomicReference<Runnable> queue = new AtomicReference<>();
		Executor executor = queue::set;
		int kind = this.game.random.nextInt(3);
		Executor propagating = switch (kind) {
			case 0 -> ContextExecutors.wrap(executor);
			case 1 -> ContextExecutors.fixed(executor, model.context);
			default -> ContextExecutors.within(executor, model.context);
		};
		propagating.execute(() -> {
			seen.clear();
			seen.putAll(Context.copyOfCurrent());
			this.game.variables.get(0).set("of a submitted task");
		});
		Map<ContextVar<?>, Object> values = switch (kind) {
			case 0 -> new HashMap<>(currentValues());
			case 1 -> new HashMap<>(model.values);
			default -> null;
		};
		this.game.submitted.add(new ModelGame.Submitted(queue.get(), seen, values, (values != null) ? null : model));
	}

	private void runSubmitted() {
		this.doing = "run submitted";
		ModelGame.Submitted one = this.game.submitted.poll();
		if (one == null) {
			return;
		}
		if (this.game.random.nextInt(4) == 0) {
			// Periodic work: the same task once more.
			this.game.submitted.add(one);
		}
		ModelGame.Model within = one.within();
		boolean refused = within != null && within.entered;
		check(thrownBy(one.task()) == (refused ? IllegalStateException.class : null));
		if (!refused) {
			check(one.seen().equals((within != null) ? within.values : one.values()));
			if (within != null) {
				within.values.put(this.game.variables.get(0), "of a submitted task");
			}
		}
	}

	private void iterate() {
		this.doing = "iterate";
		ModelGame.Model model = this.game.pick(this.game.models);
		Map<ContextVar<?>, Object> then = new HashMap<>(model.values);
		Iterator<Map.Entry<ContextVar<?>, Object>> iterator = model.context.entrySet().iterator();
		if (!model.entered) {
			ContextVar<Object> var = this.game.pick(this.game.variables);
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
		ModelGame.Model one = this.game.pick(this.game.models);
		ModelGame.Model other = this.game.pick(this.game.models);
		check(one.context.equals(other.context) == one.values.equals(other.values));
		check(one.context.equals(one.values) && one.values.equals(one.context));
		check(one.context.hashCode() == one.values.hashCode());
	}

	private void read() {
		ContextVar<Object> var = this.game.pick(this.game.variables);
		Map<ContextVar<?>, Object> values = currentValues();
		check(Objects.equals(var.get("fallback"), values.getOrDefault(var, "fallback")));
		int index = this.game.variables.indexOf(var);
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

	private void leave(ModelGame.Frame frame) {
		int at = this.stack.indexOf(frame);
		if (at < 0) {
			return;
		}
		this.game.leaked(this.stack.size() - at - 1);
		while (this.stack.size() > at) {
			this.stack.remove(this.stack.size() - 1).model().entered = false;
		}
	}

	private ModelGame.Model current() {
		return this.stack.isEmpty() ? this.baseModel : this.stack.get(this.stack.size() - 1).model();
	}

	private Map<ContextVar<?>, Object> currentValues() {
		ModelGame.Model current = current();
		return (current != null) ? current.values : Map.of();
	}

	private static Class<?> thrownBy(Runnable action) {
		try {
			action.run();
			return null;
		}
		catch (BodyException | IllegalStateException | IllegalArgumentException ex) {
			return ex.getClass();
		}
	}

	private void check(boolean same) {
		ModelGame.require(same, "differs from the model while doing: " + this.doing);
	}

	private static final class BodyException extends RuntimeException {

	}

}

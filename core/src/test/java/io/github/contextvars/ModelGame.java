package io.github.contextvars;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.IntStream;

import io.github.contextvars.testsupport.LogCapture;
import io.github.contextvars.testsupport.TestThreads;

/**
 * State that the threads of {@link ModelTests}, the players, share. One of them plays at
 * a time, and chooses the next one by the shared random numbers, so that one seed always
 * gives the same game.
 */
final class ModelGame {

	final Random random;

	final List<ContextVar<Object>> variables = new ArrayList<>();

	final List<Model> models = new ArrayList<>();

	final List<Frame> scopes = new ArrayList<>();

	final List<IssuedToken> tokens = new ArrayList<>();

	final List<Wrapped> wrapped = new ArrayList<>();

	/**
	 * The executors' queue. Each player may run the tasks of all players.
	 */
	final Deque<Submitted> submitted = new ArrayDeque<>();

	private final List<ModelPlayer> players = new CopyOnWriteArrayList<>();

	private final long seed;

	private final int operations;

	private final LogCapture log;

	private int operation;

	private long leaks;

	private long reported;

	private volatile boolean failed;

	ModelGame(long seed, int operations, LogCapture log) {
		this.seed = seed;
		this.operations = operations;
		this.log = log;
		this.random = new Random(seed);
		for (int i = 0; i < 60; i++) {
			this.variables.add((i % 3 == 0) ? ContextVar.of("v" + i, "default" + i) : ContextVar.of("v" + i));
			// More and more variables in between, so that some are neighbours and some
			// are
			// far apart.
			IntStream.range(0, i).forEach((between) -> ContextVar.of("another"));
		}
	}

	/**
	 * Play to the end, or until a difference from the model is found, which is thrown.
	 * @return the number of operations
	 */
	int play(int threads) throws Exception {
		for (int i = 0; i < 12; i++) {
			this.models.add(new Model(new Context(), Map.of()));
		}
		for (int i = 0; i < threads; i++) {
			this.players.add(new ModelPlayer(this));
		}
		List<Future<Void>> games = new ArrayList<>();
		for (ModelPlayer player : List.copyOf(this.players)) {
			games.add(TestThreads.start("player", () -> play(player)));
		}
		this.players.get(0).turn.release();
		for (Future<Void> game : games) {
			TestThreads.result(game);
		}
		for (Model model : this.models) {
			require(model.context.equals(model.values), "another content at the end");
		}
		countReports();
		return this.operation;
	}

	private Void play(ModelPlayer player) {
		try {
			player.awaitTurn();
			player.play();
		}
		catch (Throwable ex) {
			if (this.failed) {
				return null;
			}
			this.failed = true;
			throw new AssertionError("operation " + this.operation + " (" + player.doing() + "), seed " + this.seed,
					ex);
		}
		finally {
			this.players.remove(player);
			this.players.forEach((other) -> other.turn.release(this.failed ? 1 : 0));
			if (!this.failed && !this.players.isEmpty()) {
				this.players.get(0).turn.release();
			}
		}
		return null;
	}

	/**
	 * Count an operation, and sometimes give the turn to another player.
	 * @return whether the game goes on
	 */
	boolean goesOn(ModelPlayer player) {
		if (this.random.nextInt(6) == 0) {
			ModelPlayer next = pick(this.players);
			if (next != player) {
				next.turn.release();
				player.awaitTurn();
			}
		}
		if (this.log.records().size() > 100) {
			countReports();
		}
		if (this.operation == this.operations) {
			return false;
		}
		this.operation++;
		return true;
	}

	boolean isFailed() {
		return this.failed;
	}

	void leaked(int scopes) {
		this.leaks += scopes;
	}

	<E> E pick(List<E> list) {
		return list.get(this.random.nextInt(list.size()));
	}

	<E> void keep(List<E> list, E element, int most) {
		if (list.size() < most) {
			list.add(element);
		}
		else {
			list.set(this.random.nextInt(most), element);
		}
	}

	static void require(boolean condition, String message) {
		if (!condition) {
			throw new AssertionError(message);
		}
	}

	private void countReports() {
		this.reported += this.log.records().size();
		this.log.records().clear();
		require(this.reported == this.leaks, this.leaks + " scopes leaked, reported " + this.reported);
	}

	/**
	 * Context with the content that it should have.
	 */
	static final class Model {

		final Context context;

		final Map<ContextVar<?>, Object> values;

		boolean entered;

		Model(Context context, Map<ContextVar<?>, Object> values) {
			this.context = context;
			this.values = new HashMap<>(values);
		}

	}

	/**
	 * Context that a player is in.
	 *
	 * @param scope its scope; null if it was by {@code run}
	 */
	record Frame(ModelPlayer player, Model model, Context.Scope scope) {

		@Override
		public boolean equals(Object other) {
			return other == this;
		}

		@Override
		public int hashCode() {
			return System.identityHashCode(this);
		}

	}

	/**
	 * Token with the effect that it should have.
	 */
	static final class IssuedToken {

		final Token<Object> token;

		final Model home;

		final Object oldValue;

		boolean used;

		IssuedToken(Token<Object> token, Model home, Object oldValue) {
			this.token = token;
			this.home = home;
			this.oldValue = oldValue;
		}

	}

	/**
	 * Wrapped body that returns the values that it sees, with those that it should see.
	 */
	record Wrapped(Supplier<Map<ContextVar<?>, Object>> body, Map<ContextVar<?>, Object> values) {
	}

	/**
	 * Task in an executor's queue, with the values that it should see.
	 *
	 * @param task the task as the executor got it
	 * @param seen the values that the task sees
	 * @param values the values that it should see; null for those of the context then
	 * @param within the context that it should run in; null for a copy
	 */
	record Submitted(Runnable task, Map<ContextVar<?>, Object> seen, Map<ContextVar<?>, Object> values, Model within) {
	}

}

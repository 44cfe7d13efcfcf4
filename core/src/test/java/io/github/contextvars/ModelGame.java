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
 * What the players of {@link ModelTests} share. One of them plays at a time, and decides
 * by the common random numbers who is next: so one seed is one game.
 */
final class ModelGame {

	final Random random;

	final List<ContextVar<Object>> variables = new ArrayList<>();

	final List<Model> models = new ArrayList<>();

	final List<Frame> scopes = new ArrayList<>();

	final List<Minted> tokens = new ArrayList<>();

	final List<Wrapped> wrapped = new ArrayList<>();

	/**
	 * The executors' queue: whoever plays may run what others have submitted.
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
			// Others in between, ever more, so that some are neighbours and some far
			// apart.
			IntStream.range(0, i).forEach((between) -> ContextVar.of("another"));
		}
	}

	/**
	 * Play until a difference is found, which is thrown, or to the end.
	 * @return how many operations were played
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
	 * Count an operation, and let another player go on every now and then.
	 * @return whether the game is still on
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

	void forgotten(int scopes) {
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

	static void require(boolean condition, String complaint) {
		if (!condition) {
			throw new AssertionError(complaint);
		}
	}

	private void countReports() {
		this.reported += this.log.records().size();
		this.log.records().clear();
		require(this.reported == this.leaks, this.leaks + " scopes forgotten, reported " + this.reported);
	}

	/**
	 * One context beside what it should be.
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
	 * One entering.
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
	 * A token beside what it should do.
	 */
	static final class Minted {

		final Token<Object> token;

		final Model home;

		final Object oldValue;

		boolean used;

		Minted(Token<Object> token, Model home, Object oldValue) {
			this.token = token;
			this.home = home;
			this.oldValue = oldValue;
		}

	}

	/**
	 * A wrapped body that answers what it sees, beside what it should see.
	 */
	record Wrapped(Supplier<Map<ContextVar<?>, Object>> body, Map<ContextVar<?>, Object> values) {
	}

	/**
	 * A task in an executor's queue, beside what it should see.
	 *
	 * @param task the task as the executor got it
	 * @param seen where it puts what it sees
	 * @param values what it should see; null if that is what the context then holds
	 * @param within the context that it should run in; null for a copy
	 */
	record Submitted(Runnable task, Map<ContextVar<?>, Object> seen, Map<ContextVar<?>, Object> values, Model within) {
	}

}

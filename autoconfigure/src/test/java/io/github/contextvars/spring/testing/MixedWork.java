package io.github.contextvars.spring.testing;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

import org.awaitility.Awaitility;

import io.github.contextvars.ContextVar;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Units of work of two users in a mix, two without a value for each one with, and what
 * each of their hooks has seen. Strict alternation would hide that values bleed.
 */
public final class MixedWork {

	/**
	 * Whose work it is; no value by default.
	 */
	public static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	private final Map<String, List<String>> seen = new ConcurrentHashMap<>();

	/**
	 * Create units of work to send.
	 * @param count how many
	 * @return every third of them has a tenant, of two in turn
	 */
	public static List<Unit> units(int count) {
		return IntStream.range(0, count)
			.mapToObj((i) -> new Unit("unit-" + i, (i % 3 != 0) ? null : "tenant-" + (i / 3 % 2)))
			.toList();
	}

	/**
	 * Record what a hook sees.
	 * @param id the unit of work
	 * @param hook the name of the hook
	 */
	public void see(String id, String hook) {
		this.seen.computeIfAbsent(id, (key) -> new CopyOnWriteArrayList<>()).add(hook + " " + TENANT.get());
	}

	/**
	 * Record what the first hook sees, and set the tenant there as an application's
	 * interceptor would: only if the message has one.
	 * @param id the unit of work
	 * @param hook the name of the hook
	 * @param tenant the tenant, or {@code null}
	 */
	public void begin(String id, String hook, String tenant) {
		see(id, hook);
		if (tenant != null) {
			TENANT.set(tenant);
		}
	}

	/**
	 * Record what the last hook sees, and leave a value behind.
	 * @param id the unit of work
	 * @param hook the name of the hook
	 */
	public void end(String id, String hook) {
		see(id, hook);
		TENANT.set("left by " + id);
	}

	/**
	 * Wait until as many hooks were called for each unit as are expected, then compare.
	 * @param units the units of work that were sent
	 * @param expected the lines that each unit's hooks must have recorded, in order, such
	 * as {@code "listener acme"}
	 */
	public void assertSeen(List<Unit> units, Function<Unit, List<String>> expected) {
		assertSeen(units, expected, List::copyOf);
	}

	/**
	 * As {@link #assertSeen}, for units whose parts run at the same time.
	 * @param units the units of work that were sent
	 * @param expected the lines that each unit's hooks must have recorded
	 */
	public void assertSeenInAnyOrder(List<Unit> units, Function<Unit, List<String>> expected) {
		assertSeen(units, expected, (lines) -> lines.stream().sorted().toList());
	}

	private void assertSeen(List<Unit> units, Function<Unit, List<String>> expected,
			UnaryOperator<List<String>> order) {
		Awaitility.await()
			.untilAsserted(
					() -> assertThat(units).filteredOn((unit) -> seen(unit.id()).size() < expected.apply(unit).size())
						.as("units that have not ended")
						.isEmpty());
		assertThat(units.stream()
			.filter((unit) -> !order.apply(seen(unit.id())).equals(order.apply(expected.apply(unit))))
			.map((unit) -> unit + ": expected " + expected.apply(unit) + " but was " + seen(unit.id()))).isEmpty();
	}

	/**
	 * Return what a hook has recorded for all of the units.
	 * @param units the units of work that were sent
	 * @param hook the beginning of the hook's name
	 * @return the lines
	 */
	public List<String> lines(List<Unit> units, String hook) {
		return units.stream()
			.flatMap((unit) -> seen(unit.id()).stream())
			.filter((line) -> line.startsWith(hook))
			.toList();
	}

	private List<String> seen(String id) {
		return this.seen.getOrDefault(id, List.of());
	}

	/**
	 * One unit of work to send.
	 *
	 * @param id identifies it
	 * @param tenant its tenant, or {@code null}
	 */
	public record Unit(String id, String tenant) {

		/**
		 * Return what hooks must see once the tenant is set.
		 * @return the tenant, or the variable's default
		 */
		public String expected() {
			return (this.tenant != null) ? this.tenant : "-";
		}

	}

}

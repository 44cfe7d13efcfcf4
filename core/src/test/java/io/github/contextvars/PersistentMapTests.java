package io.github.contextvars;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.github.contextvars.testsupport.Seeds;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PersistentMap}.
 */
class PersistentMapTests {

	private static final int VARIABLES = 5_000;

	@Test
	void getWhenEmptyIsAbsent() {
		assertThat(PersistentMap.EMPTY.get(ContextVar.of("var"))).isSameAs(PersistentMap.ABSENT);
		assertThat(PersistentMap.EMPTY.size()).isZero();
		assertThat(PersistentMap.EMPTY.entries()).isEmpty();
	}

	@Test
	void withWhenOnlyTheLatestValueChangesCopiesNoTree() throws Exception {
		ContextVar<?> first = ContextVar.of("first");
		ContextVar<?> second = ContextVar.of("second");
		PersistentMap map = PersistentMap.EMPTY.with(first, 1).prepareFor(second);

		assertThat(field(map.with(second, 2), "root")).isSameAs(field(map, "root"));
		assertThat(field(map.with(second, 2).with(second, 3), "root")).isSameAs(field(map, "root"));
		assertThat(field(map.with(second, 2).with(first, 3), "root")).isNotSameAs(field(map, "root"));
	}

	@ParameterizedTest
	@EnumSource(Ids.class)
	void entriesWhenValueIsAVariableOrAnArrayHaveItAsValue(Ids ids) {
		ContextVar<?> var = ids.variables().get(0);
		ContextVar<?> other = ids.variables().get(1);
		PersistentMap map = PersistentMap.EMPTY.with(var, other).with(other, new Object[] { var }).prepareFor(var);

		assertThat(map.size()).isEqualTo(2);
		assertThat(map.entries()).extracting(Map.Entry::getKey).containsExactlyInAnyOrder(var, other);
		assertThat(map.get(var)).isSameAs(other);
	}

	@Test
	void withoutWhenAbsentReturnsTheSameMap() {
		List<ContextVar<?>> variables = Ids.SPARSE.variables();
		PersistentMap map = PersistentMap.EMPTY;
		for (ContextVar<?> var : variables.subList(0, 100)) {
			map = map.with(var, "value");
		}

		for (ContextVar<?> var : variables.subList(100, 200)) {
			assertThat(map.without(var)).isSameAs(map);
		}
	}

	@ParameterizedTest
	@EnumSource(Ids.class)
	void withWhenIdsAreAddedKeepsTheRootAsNarrowAsPossible(Ids ids) throws Exception {
		long seed = Seeds.seed();
		List<ContextVar<?>> variables = ids.variables();

		assertWindow(variables, seed);
		for (ContextVar<?> var : variables.subList(40, 72)) {
			assertWindow(List.of(var, variables.get(0)), seed);
		}
		Collections.shuffle(variables, new Random(seed));
		assertWindow(variables, seed);
	}

	@ParameterizedTest
	@EnumSource(Ids.class)
	void withWhenIdsAreAddedKeepsLeavesAsNarrowAsPossible(Ids ids) throws Exception {
		long seed = Seeds.seed();
		List<ContextVar<?>> variables = ids.variables();
		Collections.shuffle(variables, new Random(seed));

		for (int count : new int[] { 100, 1_000, VARIABLES }) {
			PersistentMap map = PersistentMap.EMPTY;
			for (ContextVar<?> var : variables.subList(0, count)) {
				map = map.with(var, null);
			}
			assertLeaves((Object[]) field(map, "root"), (int) field(map, "shift"), seed);
		}
	}

	private static void assertLeaves(Object[] node, int shift, long seed) {
		for (Object child : node) {
			if (child != null && shift > 5) {
				assertLeaves((Object[]) child, shift - 5, seed);
			}
			else if (child != null) {
				long[] ids = Arrays.stream((Object[]) child)
					.filter((place) -> place != null)
					.mapToLong((var) -> ((ContextVar<?>) var).id)
					.toArray();
				int width = 1;
				while (Arrays.stream(ids).map(placesOf(width)).distinct().count() < ids.length) {
					width *= 2;
				}
				assertThat((Object[]) child).as("seed %d", seed).hasSize(2 * width);
			}
		}
	}

	private static LongUnaryOperator placesOf(int width) {
		return (id) -> id % width;
	}

	private static void assertWindow(List<ContextVar<?>> variables, long seed) throws Exception {
		PersistentMap map = PersistentMap.EMPTY;
		long lowest = Long.MAX_VALUE;
		long highest = 0;
		for (ContextVar<?> var : variables) {
			map = map.with(var, null);
			lowest = Math.min(lowest, var.id);
			highest = Math.max(highest, var.id);

			int shift = (int) field(map, "shift");
			int width = width(lowest, highest, shift);
			assertThat((Object[]) field(map, "root")).as("seed %d", seed).hasSize((shift == 0) ? 2 * width : width);
			assertThat(width).as("seed %d", seed).isLessThanOrEqualTo(32);
			assertThat(shift == 0 || width(lowest, highest, shift - 5) > 32).as("seed %d", seed).isTrue();
		}
	}

	private static int width(long lowest, long highest, int shift) {
		return (int) ((highest >> shift) - (lowest >> shift) + 1);
	}

	private static Object field(PersistentMap map, String name) throws ReflectiveOperationException {
		Field field = PersistentMap.class.getDeclaredField(name);
		field.setAccessible(true);
		return field.get(map);
	}

	@Nested
	class RandomOperations {

		@ParameterizedTest
		@EnumSource(Ids.class)
		void randomOperationsMatchAHashMap(Ids ids) {
			long seed = Seeds.seed();
			Random random = new Random(seed);
			List<ContextVar<?>> variables = ids.variables();
			PersistentMap map = PersistentMap.EMPTY;
			Map<ContextVar<?>, Object> model = new HashMap<>();

			for (int i = 0; i < 200_000; i++) {
				// Grows to thousands, shrinks to nearly nothing, and so on.
				boolean growing = (i / 20_000) % 2 == 0;
				ContextVar<?> var = variables.get(random.nextInt(variables.size()));
				if (random.nextInt(10) < (growing ? 8 : 2)) {
					Object value = (random.nextInt(20) != 0) ? random.nextInt(1_000) : null;
					map = map.with(var, value);
					model.put(var, value);
				}
				else {
					map = map.without(var);
					model.remove(var);
				}
				ContextVar<?> probe = variables.get(random.nextInt(variables.size()));
				if (map.size() != model.size() || map.get(probe) != model.getOrDefault(probe, PersistentMap.ABSENT)) {
					throw new AssertionError("difference at operation " + i + ", seed " + seed);
				}
				if (i % 10_000 == 0) {
					assertThat(asMap(map)).as("operation %d, seed %d", i, seed).isEqualTo(model);
				}
			}
			assertThat(asMap(map)).as("seed %d", seed).isEqualTo(model);
		}

		@ParameterizedTest
		@EnumSource(Ids.class)
		void withoutWhenAllAreRemovedInAnyOrderIsEmpty(Ids ids) {
			long seed = Seeds.seed();
			Random random = new Random(seed);
			List<ContextVar<?>> variables = ids.variables();
			PersistentMap map = PersistentMap.EMPTY;
			Collections.shuffle(variables, random);
			for (ContextVar<?> var : variables) {
				map = map.with(var, var);
			}
			assertThat(map.size()).isEqualTo(VARIABLES);

			Collections.shuffle(variables, random);
			for (ContextVar<?> var : variables) {
				assertThat(map.get(var)).as("seed %d", seed).isSameAs(var);
				map = map.without(var);
				assertThat(map.get(var)).as("seed %d", seed).isSameAs(PersistentMap.ABSENT);
			}

			assertThat(map).as("seed %d", seed).isSameAs(PersistentMap.EMPTY);
		}

		@ParameterizedTest
		@EnumSource(Ids.class)
		void withoutKeepsNoReferenceToWhatWasRemoved(Ids ids) throws Exception {
			long seed = Seeds.seed();
			List<ContextVar<?>> variables = ids.variables();
			Collections.shuffle(variables, new Random(seed));
			PersistentMap map = PersistentMap.EMPTY;
			for (ContextVar<?> var : variables) {
				map = map.with(var, "value of " + var.id);
			}

			for (ContextVar<?> var : variables.subList(10, VARIABLES)) {
				map = map.without(var);
			}

			List<Object> found = new ArrayList<>();
			find((Object[]) field(map, "root"), found);
			assertThat(found).as("seed %d", seed).hasSize(20).containsAll(variables.subList(0, 10));
		}

		@ParameterizedTest
		@EnumSource(Ids.class)
		void withAndWithoutDoNotChangeOldVersions(Ids ids) {
			long seed = Seeds.seed();
			Random random = new Random(seed);
			List<ContextVar<?>> variables = ids.variables();
			List<PersistentMap> versions = new ArrayList<>();
			List<Map<ContextVar<?>, Object>> models = new ArrayList<>();
			PersistentMap map = PersistentMap.EMPTY;
			Map<ContextVar<?>, Object> model = new HashMap<>();

			for (int i = 0; i < 50_000; i++) {
				ContextVar<?> var = variables.get(random.nextInt(variables.size()));
				if (random.nextInt(3) != 0) {
					map = map.with(var, i);
					model.put(var, i);
				}
				else {
					map = map.without(var);
					model.remove(var);
				}
				if (i % 1_000 == 0) {
					versions.add(map);
					models.add(new HashMap<>(model));
				}
			}

			for (int i = 0; i < versions.size(); i++) {
				assertThat(asMap(versions.get(i))).as("version %d, seed %d", i, seed).isEqualTo(models.get(i));
			}
		}

		@Test
		void withWhenIdsAreSparseMakesADeepTrie() throws Exception {
			PersistentMap map = PersistentMap.EMPTY;
			for (ContextVar<?> var : Ids.SPARSE.variables()) {
				map = map.with(var, "value");
			}

			assertThat((int) field(map, "shift")).isGreaterThanOrEqualTo(15);
		}

		private Map<ContextVar<?>, Object> asMap(PersistentMap map) {
			Map<ContextVar<?>, Object> copy = new HashMap<>();
			map.entries().forEach((entry) -> copy.put(entry.getKey(), entry.getValue()));
			assertThat(copy).hasSize(map.entries().size());
			return copy;
		}

		private void find(Object[] node, List<Object> found) {
			assertThat(node).as("node").isNotEqualTo(new Object[node.length]);
			for (Object place : node) {
				if (place instanceof Object[] child) {
					find(child, found);
				}
				else if (place != null) {
					found.add(place);
				}
			}
		}

	}

	/**
	 * How the ids of the variables lie.
	 */
	enum Ids {

		/**
		 * One after the other.
		 */
		DENSE(1),

		/**
		 * Equal in the lowest five bits, so that the root has one child only.
		 */
		SPARSE(32),

		/**
		 * Everywhere.
		 */
		ODD(7);

		private final List<ContextVar<?>> variables;

		Ids(int stride) {
			this.variables = IntStream.range(0, VARIABLES * stride)
				.<ContextVar<?>>mapToObj((i) -> ContextVar.of("v"))
				.filter((var) -> var.id % stride == 0)
				.limit(VARIABLES)
				.toList();
		}

		List<ContextVar<?>> variables() {
			return new ArrayList<>(this.variables);
		}

	}

}

package io.github.contextvars;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
	void withWhenValueIsTheSameReturnsTheSameMap() {
		ContextVar<?> var = ContextVar.of("var");
		PersistentMap map = PersistentMap.EMPTY.with(var, "value");

		assertThat(map.with(var, "value")).isSameAs(map);
		assertThat(map.with(var, null)).isNotSameAs(map);
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

	@Nested
	class RandomOperations {

		@ParameterizedTest
		@EnumSource(Ids.class)
		void mapAnswersAsHashMapDoes(Ids ids) {
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
		void mapThatWasEmptiedInAnyOrderIsEmpty(Ids ids) {
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
		void mapsOfTheSameContentHaveTheSameShape(Ids ids) throws Exception {
			long seed = Seeds.seed();
			Random random = new Random(seed);
			List<ContextVar<?>> variables = ids.variables();
			for (int size : new int[] { 1, 2, 3, 31, 32, 33, 500, 2_500 }) {
				PersistentMap straight = PersistentMap.EMPTY;
				for (ContextVar<?> var : variables.subList(0, size)) {
					straight = straight.with(var, "value");
				}
				List<ContextVar<?>> shuffled = new ArrayList<>(variables);
				Collections.shuffle(shuffled, random);
				PersistentMap winding = PersistentMap.EMPTY;
				for (ContextVar<?> var : shuffled) {
					winding = winding.with(var, "value");
				}
				Collections.shuffle(shuffled, random);
				for (ContextVar<?> var : shuffled) {
					if (straight.get(var) == PersistentMap.ABSENT) {
						winding = winding.without(var);
					}
				}

				assertThat(shape(winding)).as("size %d, seed %d", size, seed).isEqualTo(shape(straight));
			}
		}

		@ParameterizedTest
		@EnumSource(Ids.class)
		void oldVersionsDoNotChange(Ids ids) {
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
		void sparseIdsMakeADeepTrie() throws Exception {
			PersistentMap map = PersistentMap.EMPTY;
			for (ContextVar<?> var : Ids.SPARSE.variables()) {
				map = map.with(var, "value");
			}

			assertThat(depth(map)).isGreaterThanOrEqualTo(4);
		}

		private Map<ContextVar<?>, Object> asMap(PersistentMap map) {
			Map<ContextVar<?>, Object> copy = new HashMap<>();
			map.entries().forEach((entry) -> copy.put(entry.getKey(), entry.getValue()));
			assertThat(copy).hasSize(map.entries().size());
			return copy;
		}

		private List<Object> shape(PersistentMap map) throws ReflectiveOperationException {
			List<Object> shape = new ArrayList<>();
			shape.add(field(map, "bitmap"));
			shape.add(map.size());
			for (Object slot : (Object[]) field(map, "slots")) {
				shape.add((slot instanceof PersistentMap child) ? shape(child) : slot);
			}
			return shape;
		}

		private int depth(PersistentMap map) throws ReflectiveOperationException {
			int deepest = 0;
			for (Object slot : (Object[]) field(map, "slots")) {
				if (slot instanceof PersistentMap child) {
					deepest = Math.max(deepest, depth(child));
				}
			}
			return deepest + 1;
		}

		private Object field(PersistentMap map, String name) throws ReflectiveOperationException {
			Field field = PersistentMap.class.getDeclaredField(name);
			field.setAccessible(true);
			return field.get(map);
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

package io.github.contextvars.jcstress;

import java.util.Map;
import java.util.stream.IntStream;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.Token;

/**
 * Contexts of three sizes that the jcstress tests share. In the core's tree they take one
 * node, two levels and three. A variable's value encodes the variable that it belongs to,
 * and which of its values it is.
 */
final class ContextFixtures {

	static final int SMALL = 2;

	static final int WIDE = 40;

	static final int DEEP = 1_100;

	private static final int STEP = 100;

	private static final ContextVar<?>[] VARS = IntStream.range(0, DEEP + 4)
		.mapToObj((i) -> ContextVar.<Integer>of("<" + i + ">"))
		.toArray(ContextVar<?>[]::new);

	private ContextFixtures() {
	}

	/**
	 * Create a context that shares no node with another context.
	 * @param size the number of variables
	 * @return a context in which all of them have their value 0
	 */
	static Context context(int size) {
		Context context = Template.of(size).copy();
		if (size > 0) {
			context.run(() -> {
				set(0, 9);
				set(size - 1, 9);
				set(0, 0);
				set(size - 1, 0);
			});
		}
		return context;
	}

	@SuppressWarnings("unchecked")
	static ContextVar<Integer> var(int index) {
		return (ContextVar<Integer>) VARS[index];
	}

	static Token<Integer> set(int index, int value) {
		return var(index).set(index * STEP + value);
	}

	static int indexOf(Object value) {
		return (value instanceof Integer number) ? number / STEP : 0;
	}

	// So that the states are, one after the other, (0, 0), (1, 0), (1, 1), (1, 2), (2,
	// 2).
	static void write(Context context, int size) {
		context.run(() -> {
			set(0, 1);
			set(size - 1, 1);
			set(size - 1, 2);
			set(0, 2);
		});
	}

	static int get(Map<?, ?> map, int index) {
		return decode(map.get(var(index)), index);
	}

	// -1 if there is no value, -2 if it is no value of that variable.
	static int decode(@Nullable Object value, int index) {
		if (value == null) {
			return -1;
		}
		int decoded = (value instanceof Integer number) ? number - index * STEP : -2;
		return (decoded >= 0 && decoded < STEP) ? decoded : -2;
	}

	/**
	 * Contexts to copy from, made once.
	 */
	private static final class Template {

		private static final Context NONE = new Context();

		private static final Context SMALL = filled(ContextFixtures.SMALL);

		private static final Context WIDE = filled(ContextFixtures.WIDE);

		private static final Context DEEP = filled(ContextFixtures.DEEP);

		static Context of(int size) {
			return switch (size) {
				case 0 -> NONE;
				case ContextFixtures.SMALL -> SMALL;
				case ContextFixtures.WIDE -> WIDE;
				case ContextFixtures.DEEP -> DEEP;
				default -> throw new IllegalArgumentException("no context of size " + size);
			};
		}

		private static Context filled(int size) {
			Context context = new Context();
			context.run(() -> {
				for (int i = 0; i < size; i++) {
					set(i, 0);
				}
			});
			return context;
		}

	}

}

package io.github.contextvars.testsupport;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.chrono.ChronoLocalDate;
import java.time.temporal.TemporalAccessor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Values whose methods throw exceptions, block or never end.
 */
public final class HostileValues {

	private HostileValues() {
	}

	/**
	 * Create all hostile values.
	 * @return the values by their descriptions
	 */
	public static Map<String, Object> all() {
		Map<String, Object> values = new LinkedHashMap<>();
		for (Class<?> type : List.of(CharSequence.class, Map.class, List.class, Collection.class, Iterable.class,
				Iterator.class, Supplier.class, Future.class, Comparable.class, TemporalAccessor.class,
				ChronoLocalDate.class)) {
			values.put("blocking " + type.getSimpleName(), proxy(type, (self, method, arguments) -> block()));
		}
		values.put("failing bean", new Bean());
		values.put("failing class", new Hostile());
		values.put("failing Optional", Optional.of(new Hostile()));
		values.put("failing record", new Holder(new Hostile()));
		values.put("failing enum", Choice.ONE);
		values.put("failing Error", proxy(CharSequence.class, (self, method, arguments) -> {
			throw new StackOverflowError();
		}));
		values.put("blocking Number", new BlockingNumber());
		values.put("blocking Date", new BlockingDate());
		values.put("endless CharSequence",
				proxy(CharSequence.class, (self, method, arguments) -> switch (method.getName()) {
					case "length" -> Integer.MAX_VALUE;
					case "charAt" -> 'x';
					case "chars", "codePoints" -> IntStream.generate(() -> 'x');
					case "subSequence" -> self;
					default -> block();
				}));
		values.put("endless Stream", Stream.generate(() -> "x"));
		values.put("endless String", "x".repeat(50_000_000));
		values.put("endless BigInteger", BigInteger.ONE.shiftLeft(50_000_000));
		values.put("endless BigDecimal", new BigDecimal(BigInteger.ONE, Integer.MIN_VALUE + 1));
		values.put("cyclic List", cyclicList());
		values.put("cyclic Map", cyclicMap());
		values.put("cyclic array", cyclicArray());
		return values;
	}

	private static Object proxy(Class<?> type, InvocationHandler handler) {
		return Proxy.newProxyInstance(HostileValues.class.getClassLoader(), new Class<?>[] { type }, handler);
	}

	private static Object block() {
		try {
			new CountDownLatch(1).await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		throw new IllegalStateException("interrupted");
	}

	private static Object cyclicList() {
		List<Object> list = new ArrayList<>();
		list.add(list);
		return list;
	}

	private static Object cyclicMap() {
		Map<String, Object> map = new HashMap<>();
		map.put("self", map);
		return map;
	}

	private static Object cyclicArray() {
		Object[] array = new Object[1];
		array[0] = array;
		return array;
	}

	private enum Choice {

		ONE {
			@Override
			public String toString() {
				throw new IllegalStateException("toString");
			}
		}

	}

	private record Holder(Hostile hostile) {

		@Override
		public Hostile hostile() {
			throw new IllegalStateException("hostile");
		}

	}

	/**
	 * Bean whose properties cannot be read.
	 */
	public static final class Bean {

		/**
		 * Throw an exception.
		 * @return nothing
		 */
		public String getName() {
			throw new IllegalStateException("getName");
		}

		/**
		 * Throw an exception.
		 * @return nothing
		 */
		public boolean isReady() {
			throw new IllegalStateException("isReady");
		}

	}

	private static final class BlockingNumber extends Number {

		private static final long serialVersionUID = 1L;

		@Override
		public int intValue() {
			return (int) block();
		}

		@Override
		public long longValue() {
			return (long) block();
		}

		@Override
		public float floatValue() {
			return (float) block();
		}

		@Override
		public double doubleValue() {
			return (double) block();
		}

		@Override
		public String toString() {
			return (String) block();
		}

	}

	private static final class BlockingDate extends Date {

		private static final long serialVersionUID = 1L;

		@Override
		public long getTime() {
			return (long) block();
		}

		@Override
		public String toString() {
			return (String) block();
		}

	}

}

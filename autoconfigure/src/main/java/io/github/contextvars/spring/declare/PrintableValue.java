package io.github.contextvars.spring.declare;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.ZoneId;
import java.time.chrono.ChronoLocalDate;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalAmount;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * Prints values without calling any code of theirs: what cannot be printed by the JDK
 * alone, in bounded time, is printed as its type.
 */
public final class PrintableValue {

	private static final int MAX_LENGTH = 256;

	private static final int MAX_BITS = 1024;

	// Exact classes: of those that are not final, a subclass could do anything.
	private static final Set<Class<?>> PRINTABLE = Set.of(Boolean.class, Byte.class, Short.class, Integer.class,
			Long.class, Float.class, Double.class, Character.class, UUID.class, Locale.class);

	private PrintableValue() {
	}

	/**
	 * Make a value printable.
	 * @param value the value
	 * @return the value itself if it is {@code null}, a boolean or a plain number; else
	 * its text or the name of its class, cut at 256 characters
	 */
	public static @Nullable Object of(@Nullable Object value) {
		if (value == null || value instanceof Boolean) {
			return value;
		}
		if (value instanceof String text) {
			return cut(text);
		}
		if (value instanceof Enum<?> constant) {
			return constant.name();
		}
		Class<?> type = value.getClass();
		if (isSmallNumber(value, type)) {
			return value;
		}
		return (PRINTABLE.contains(type) || isTime(value, type)) ? cut(value.toString()) : cut(type.getName());
	}

	/**
	 * Make a value printable on one line of text.
	 * @param value the value
	 * @return what {@link #of} returns, as text in which control characters and line
	 * separators are escaped, such as {@code \\u000a}; cut at 256 characters
	 */
	public static String line(@Nullable Object value) {
		String text = String.valueOf(of(value));
		StringBuilder line = new StringBuilder(text.length());
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (isControl(c)) {
				line.append("\\u").append(HexFormat.of().toHexDigits(c));
			}
			else {
				line.append(c);
			}
		}
		return cut(line.toString());
	}

	private static boolean isControl(char c) {
		return Character.isISOControl(c) || c == '\u2028' || c == '\u2029';
	}

	private static boolean isSmallNumber(Object value, Class<?> type) {
		if (type == BigInteger.class) {
			return ((BigInteger) value).bitLength() <= MAX_BITS;
		}
		if (type == BigDecimal.class) {
			return ((BigDecimal) value).unscaledValue().bitLength() <= MAX_BITS
					&& Math.abs((long) ((BigDecimal) value).scale()) <= MAX_BITS;
		}
		return value instanceof Number && PRINTABLE.contains(type);
	}

	// Of the other classes of java.time.chrono, some print dates and calendars that
	// anybody may have written.
	private static boolean isTime(Object value, Class<?> type) {
		boolean time = value instanceof TemporalAccessor || value instanceof TemporalAmount || value instanceof ZoneId;
		return time && type.getClassLoader() == null && (type.getPackageName().equals("java.time")
				|| (type.getPackageName().equals("java.time.chrono") && value instanceof ChronoLocalDate));
	}

	private static String cut(String text) {
		return (text.length() <= MAX_LENGTH) ? text : text.substring(0, MAX_LENGTH);
	}

}

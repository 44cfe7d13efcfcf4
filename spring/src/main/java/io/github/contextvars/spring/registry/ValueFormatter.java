package io.github.contextvars.spring.registry;

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
 * Formatter of values that calls no code of a value: what the JDK alone cannot print in
 * bounded time is printed as its type.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
public final class ValueFormatter {

	private static final int MAX_LENGTH = 256;

	// A number is printed in full or not at all: 800 bits are 241 digits.
	private static final int MAX_BITS = 800;

	private static final int MAX_SCALE = 1024;

	// Exact classes: of those that are not final, a subclass could do anything.
	private static final Set<Class<?>> PRINTABLE = Set.of(Boolean.class, Byte.class, Short.class, Integer.class,
			Long.class, Float.class, Double.class, Character.class, UUID.class, Locale.class);

	private ValueFormatter() {
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
	 * @return what {@link #of} returns, as text in which control characters, line
	 * separators and halves of surrogate pairs are escaped, such as {@code \\u000a}; cut
	 * at 256 characters
	 */
	public static String line(@Nullable Object value) {
		String text = String.valueOf(of(value));
		if (isPlain(text)) {
			return text;
		}
		StringBuilder line = new StringBuilder(text.length());
		text.codePoints().forEach((c) -> {
			if (isUnprintable(c)) {
				line.append("\\u").append(HexFormat.of().toHexDigits((char) c));
			}
			else {
				line.appendCodePoint(c);
			}
		});
		return cut(line.toString());
	}

	private static boolean isPlain(String text) {
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (c < ' ' || c > '~') {
				return false;
			}
		}
		return true;
	}

	private static boolean isUnprintable(int c) {
		return switch (Character.getType(c)) {
			case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE ->
				true;
			default -> false;
		};
	}

	private static boolean isSmallNumber(Object value, Class<?> type) {
		if (type == BigInteger.class) {
			return ((BigInteger) value).bitLength() <= MAX_BITS;
		}
		if (type == BigDecimal.class) {
			return ((BigDecimal) value).unscaledValue().bitLength() <= MAX_BITS
					&& Math.abs((long) ((BigDecimal) value).scale()) <= MAX_SCALE;
		}
		return value instanceof Number && PRINTABLE.contains(type);
	}

	// Of the other classes of java.time.chrono, some print dates and calendars of
	// classes that are not the JDK's.
	private static boolean isTime(Object value, Class<?> type) {
		boolean time = value instanceof TemporalAccessor || value instanceof TemporalAmount || value instanceof ZoneId;
		return time && type.getClassLoader() == null && (type.getPackageName().equals("java.time")
				|| (type.getPackageName().equals("java.time.chrono") && value instanceof ChronoLocalDate));
	}

	private static String cut(String text) {
		if (text.length() <= MAX_LENGTH) {
			return text;
		}
		// Half of a surrogate pair could not be written as UTF-8.
		boolean halves = Character.isHighSurrogate(text.charAt(MAX_LENGTH - 1));
		return text.substring(0, halves ? MAX_LENGTH - 1 : MAX_LENGTH);
	}

}

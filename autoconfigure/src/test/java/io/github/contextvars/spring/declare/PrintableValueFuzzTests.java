package io.github.contextvars.spring.declare;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.UUID;
import java.util.function.Function;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import io.github.contextvars.spring.testing.Corpus;
import io.github.contextvars.spring.testing.Hostile;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whatever the value is, one short line of well-formed text is printed, and no code of it
 * is called. Inputs: one character for the type, then the value.
 */
class PrintableValueFuzzTests {

	@FuzzTest(maxDuration = "30s")
	void print(byte[] input) {
		Object value = valueOf(input);
		requireOneLine(PrintableValue::line, value);
		requireShortOriginal(PrintableValue.of(value), value);
	}

	@Test
	void canaryLineThatEscapesNothingIsFound() {
		Corpus.assertFinds(getClass(), "print",
				(input) -> requireOneLine((value) -> String.valueOf(PrintableValue.of(value)), valueOf(input)));
	}

	@Test
	void canaryLineThatForgetsLineSeparatorsIsFound() {
		Corpus.assertFinds(getClass(), "print",
				(input) -> requireOneLine((value) -> PrintableValue.line(value).replace("\\u2028", "\u2028"),
						valueOf(input)));
	}

	@Test
	void canaryLineThatIsNotCutIsFound() {
		Corpus.assertFinds(getClass(), "print",
				(input) -> requireOneLine(
						(value) -> (value instanceof String text) ? text.replaceAll("\\p{Cntrl}", "") : "",
						valueOf(input)));
	}

	@Test
	void canaryLineThatCallsTheValueIsFound() {
		Corpus.assertFinds(getClass(), "print", (input) -> {
			Object value = valueOf(input);
			if (value instanceof Hostile) {
				requireOneLine(String::valueOf, value);
			}
		});
	}

	private static void requireOneLine(Function<Object, String> printer, Object value) {
		String line = printer.apply(value);

		assertThat(line).hasSizeLessThanOrEqualTo(256)
			.matches(PrintableValueFuzzTests::isWellFormed)
			.matches((text) -> text.chars()
				.noneMatch((c) -> Character.isISOControl(c) || c == '\u2028' || c == '\u2029'));
		assertThat(printer.apply(line)).isEqualTo(line);
		if (value instanceof String text && text.matches("[ -~]{0,256}")) {
			assertThat(line).isEqualTo(text);
		}
	}

	private static void requireShortOriginal(@Nullable Object printable, Object value) {
		if (printable instanceof String text) {
			assertThat(text).hasSizeLessThanOrEqualTo(256);
			assertThat(PrintableValue.of(text)).isEqualTo(text);
			if (value instanceof String original) {
				assertThat(original).startsWith(text);
				assertThat(isWellFormed(text) || !isWellFormed(original)).isTrue();
			}
		}
		else {
			assertThat(printable).isSameAs(value);
			assertThat(String.valueOf(printable)).hasSizeLessThan(2000);
		}
	}

	// A half of a character cannot be written to a log or into JSON.
	private static boolean isWellFormed(String text) {
		return StandardCharsets.UTF_8.newEncoder().canEncode(text);
	}

	private static Object valueOf(byte[] input) {
		char type = (input.length > 0) ? (char) input[0] : 't';
		String text = new String(input, Math.min(1, input.length), Math.max(0, input.length - 1),
				StandardCharsets.UTF_8);
		ByteBuffer bytes = ByteBuffer.allocate(Math.max(16, input.length)).put(input).rewind();
		return switch (type) {
			case 'c' -> (char) bytes.getInt(1);
			case 'd' -> new BigDecimal(new BigInteger(input), bytes.getInt(1));
			case 'i' -> new BigInteger(input);
			case 'l' -> new Locale.Builder().setLanguage("de").build();
			case 'o' -> new Hostile();
			case 's' -> bytes.asCharBuffer().toString();
			case 'u' -> new UUID(bytes.getLong(), bytes.getLong());
			case 'z' -> Duration.ofSeconds(bytes.getInt(1), bytes.getInt(5));
			default -> text;
		};
	}

}

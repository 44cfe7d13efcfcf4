package io.github.contextvars.spring.declare;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.Stream;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.contextvars.PlantedBug;
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
		requireOneLine(PrintableValue.line(value), value);
		requireShortOriginal(PrintableValue.of(value), value);
	}

	@ParameterizedTest
	@MethodSource
	void bugIsFound(PlantedBug bug) {
		assertThat(bug.shownBy(Replay.class)).singleElement()
			.isInstanceOfAny(AssertionError.class, IllegalStateException.class);
	}

	static Stream<PlantedBug> bugIsFound() {
		return Stream.of(PlantedBug.in(PrintableValue.class, "if (isUnprintable(c)) {", "if (c < 0) {"),
				PlantedBug.in(PrintableValue.class, "Character.LINE_SEPARATOR, ", ""),
				PlantedBug.in(PrintableValue.class, "Character.PARAGRAPH_SEPARATOR, Character.SURROGATE",
						"Character.PARAGRAPH_SEPARATOR"),
				PlantedBug.in(PrintableValue.class, "return cut(line.toString());", "return line.toString();"),
				PlantedBug.in(PrintableValue.class, "return cut(text);", "return text;"),
				PlantedBug.in(PrintableValue.class, "halves ? MAX_LENGTH - 1 : MAX_LENGTH", "MAX_LENGTH"),
				PlantedBug.in(PrintableValue.class, "cut(type.getName())", "cut(value.toString())"));
	}

	@Test
	void libraryWithoutBugPasses() {
		assertThat(PlantedBug.NONE.shownBy(Replay.class)).isEmpty();
	}

	private static void requireOneLine(String line, Object value) {
		assertThat(line).hasSizeLessThanOrEqualTo(256)
			.matches(PrintableValueFuzzTests::isWellFormed)
			.matches((text) -> text.chars()
				.noneMatch((c) -> Character.isISOControl(c) || c == '\u2028' || c == '\u2029'));
		assertThat(PrintableValue.line(line)).isEqualTo(line);
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

	static class Replay {

		@Test
		void replay() {
			Corpus.replay(PrintableValueFuzzTests.class, "print", new PrintableValueFuzzTests()::print);
		}

	}

}

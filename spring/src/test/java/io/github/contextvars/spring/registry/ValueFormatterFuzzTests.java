package io.github.contextvars.spring.registry;

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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.contextvars.testsupport.Corpus;
import io.github.contextvars.testsupport.Hostile;
import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whatever the value is, one short line of well-formed text is printed, and no code of it
 * is called. Inputs: one character for the type, then the value.
 */
@Tag("stress")
class ValueFormatterFuzzTests {

	@FuzzTest(maxDuration = "30s")
	void print(byte[] input) {
		Object value = valueOf(input);
		requireOneLine(ValueFormatter.line(value), value);
		requireShortOriginal(ValueFormatter.of(value), value);
	}

	@ParameterizedTest
	@MethodSource
	void bugIsFound(SeededFault bug) {
		assertThat(bug.detectedBy(Replay.class)).singleElement()
			.isInstanceOfAny(AssertionError.class, IllegalStateException.class);
	}

	static Stream<SeededFault> bugIsFound() {
		return Stream.of(SeededFault.in(ValueFormatter.class, "if (isUnprintable(c)) {", "if (c < 0) {"),
				SeededFault.in(ValueFormatter.class, "Character.LINE_SEPARATOR, ", ""),
				SeededFault.in(ValueFormatter.class, "Character.PARAGRAPH_SEPARATOR, Character.SURROGATE",
						"Character.PARAGRAPH_SEPARATOR"),
				SeededFault.in(ValueFormatter.class, "return cut(line.toString());", "return line.toString();"),
				SeededFault.in(ValueFormatter.class, "return cut(text);", "return text;"),
				SeededFault.in(ValueFormatter.class, "halves ? MAX_LENGTH - 1 : MAX_LENGTH", "MAX_LENGTH"),
				SeededFault.in(ValueFormatter.class, "cut(type.getName())", "cut(value.toString())"));
	}

	@Test
	void libraryWithoutBugPasses() {
		assertThat(SeededFault.NONE.detectedBy(Replay.class)).isEmpty();
	}

	private static void requireOneLine(String line, Object value) {
		assertThat(line).hasSizeLessThanOrEqualTo(256)
			.matches(ValueFormatterFuzzTests::isWellFormed)
			.matches((text) -> text.chars()
				.noneMatch((c) -> Character.isISOControl(c) || c == '\u2028' || c == '\u2029'));
		assertThat(ValueFormatter.line(line)).isEqualTo(line);
		if (value instanceof String text && text.matches("[ -~]{0,256}")) {
			assertThat(line).isEqualTo(text);
		}
	}

	private static void requireShortOriginal(@Nullable Object printable, Object value) {
		if (printable instanceof String text) {
			assertThat(text).hasSizeLessThanOrEqualTo(256);
			assertThat(ValueFormatter.of(text)).isEqualTo(text);
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
			Corpus.replay(ValueFormatterFuzzTests.class, "print", new ValueFormatterFuzzTests()::print);
		}

	}

}

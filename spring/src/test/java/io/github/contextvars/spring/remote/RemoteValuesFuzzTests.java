package io.github.contextvars.spring.remote;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.contextvars.testsupport.Corpus;
import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whatever another process sends is read without an exception, and never as a text that
 * could end a header or a line, or be longer than the limit. What is written comes back.
 */
@Tag("stress")
class RemoteValuesFuzzTests {

	@FuzzTest(maxDuration = "30s")
	void decode(byte[] input) {
		String text = new String(input, StandardCharsets.ISO_8859_1);

		requireSafe(RemoteValues.decode(text));
		RemoteValues.members(List.of(text, text)).forEach((name, values) -> {
			assertThat(name).doesNotContain(",", "=");
			values.forEach((value) -> {
				assertThat(value).doesNotContain(",", ";");
				requireSafe(RemoteValues.decode(value));
			});
		});

		String value = new String(input, StandardCharsets.UTF_8);
		String encoded = RemoteValues.encode(value);
		if (encoded != null) {
			assertThat(encoded).matches("[\\x21-\\x7E&&[^\",;\\\\]]*");
			assertThat(RemoteValues.decode(encoded)).isEqualTo(value);
		}
	}

	private static void requireSafe(String value) {
		if (value != null) {
			assertThat(value.length()).isLessThanOrEqualTo(RemoteValues.MAX_LENGTH);
			assertThat(value.codePoints()).noneMatch(Character::isISOControl);
		}
	}

	@ParameterizedTest
	@MethodSource
	void bugIsFound(SeededFault bug) {
		assertThat(bug.detectedBy(Replay.class)).isNotEmpty();
	}

	static Stream<SeededFault> bugIsFound() {
		return Stream.of(SeededFault.in(RemoteValues.class, "(i + 2 < encoded.length())", "(i + 1 < encoded.length())"),
				SeededFault.in(RemoteValues.class, "return isValid(value) ? value : null;", "return value;"),
				SeededFault.in(RemoteValues.class, "(high << 4 | low)", "(low << 4 | high)"),
				SeededFault.in(RemoteValues.class, "value.length() <= MAX_LENGTH", "value.length() <= 2 * MAX_LENGTH"),
				SeededFault.in(RemoteValues.class, "octet > ' ' && octet < 0x7F", "octet >= ' ' && octet < 0x7F"),
				SeededFault.in(RemoteValues.class, "\"%\\\",;\\\\\".indexOf(octet) < 0", "octet != '%'"));
	}

	@Test
	void libraryWithoutBugPasses() {
		assertThat(SeededFault.NONE.detectedBy(Replay.class)).isEmpty();
	}

	static class Replay {

		@Test
		void replay() {
			Corpus.replay(RemoteValuesFuzzTests.class, "decode", new RemoteValuesFuzzTests()::decode);
		}

	}

}

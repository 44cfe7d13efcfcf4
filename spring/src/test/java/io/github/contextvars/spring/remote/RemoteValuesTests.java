package io.github.contextvars.spring.remote;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class RemoteValuesTests {

	@ParameterizedTest
	@ValueSource(strings = { "acme", "", " ", "a b", "ä€", "東京", "😀", "100%", "a,b;c=\"d\"\\", "%41", "\uFFFD" })
	void valuesComeBack(String value) {
		String encoded = RemoteValues.encode(value);

		assertThat(encoded).matches("[\\x21-\\x7E&&[^\",;\\\\]]*");
		assertThat(RemoteValues.decode(encoded)).isEqualTo(value);
	}

	@ParameterizedTest
	@ValueSource(strings = { "a\r\nX-Admin: true", "\n", "\u0000", "\u007F", "\u0085", "\uD800" })
	void controlCharactersAndBrokenTextAreNotWritten(String value) {
		assertThat(RemoteValues.encode(value)).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "a%0d%0aX-Admin:true", "%00", "%7f", "%C2%85", "%", "%4", "%zz", "%-1", "a b", "a,b", "ä",
			"%ff", "%c0%80", "%ed%a0%80", "%e4", "%EF%BF%BD%ff" })
	void malformedValuesAreNotRead(String encoded) {
		assertThat(RemoteValues.decode(encoded)).isNull();
	}

	@Test
	void valuesHaveAMaximumLength() {
		String longest = "\u6771".repeat(RemoteValues.MAX_LENGTH);

		assertThat(RemoteValues.decode(RemoteValues.encode(longest))).isEqualTo(longest);
		assertThat(RemoteValues.encode(longest + "a")).isNull();
		assertThat(RemoteValues.decode(RemoteValues.encode(longest) + "a")).isNull();
		assertThat(RemoteValues.decode("a".repeat(RemoteValues.MAX_LENGTH + 1))).isNull();
		assertThat(RemoteValues.decode("a".repeat(1_000_000))).isNull();
	}

	@Test
	void membersOfBaggageAreFound() {
		assertThat(RemoteValues.members(List.of("a=1, b = 2;property;other=x ,=3,c", "a=4,d=")))
			.isEqualTo(Map.of("a", List.of("1", "4"), "b", List.of("2"), "d", List.of("")));
	}

}

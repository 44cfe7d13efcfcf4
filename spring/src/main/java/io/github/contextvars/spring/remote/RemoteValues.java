package io.github.contextvars.spring.remote;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.springframework.util.StringUtils;

/**
 * How values are written into headers: percent-encoded UTF-8, in the characters that
 * <a href="https://www.w3.org/TR/baggage/">W3C Baggage</a> permits. So no header can end
 * early, whatever the value is.
 */
final class RemoteValues {

	static final int MAX_LENGTH = 256;

	static final int MAX_VARIABLES = 16;

	static final int MAX_BYTES = 2048;

	private static final String HEX = "0123456789ABCDEF";

	private RemoteValues() {
	}

	/**
	 * Encode a value.
	 * @param value the value
	 * @return printable ASCII, or {@code null} if the value is too long, has control
	 * characters or is no text
	 */
	static @Nullable String encode(String value) {
		if (!isValid(value)) {
			return null;
		}
		byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
		StringBuilder encoded = new StringBuilder(bytes.length);
		for (byte one : bytes) {
			if (isPlain(one)) {
				encoded.append((char) one);
			}
			else {
				encoded.append('%').append(HEX.charAt((one >> 4) & 0xF)).append(HEX.charAt(one & 0xF));
			}
		}
		return encoded.toString();
	}

	/**
	 * Decode a value.
	 * @param encoded what was received
	 * @return the value, or {@code null} if it is malformed, too long or has control
	 * characters
	 */
	static @Nullable String decode(String encoded) {
		// Each character has at most three bytes, of three characters each.
		if (encoded.length() > 9 * MAX_LENGTH) {
			return null;
		}
		ByteBuffer bytes = ByteBuffer.allocate(encoded.length());
		for (int i = 0; i < encoded.length(); i++) {
			char one = encoded.charAt(i);
			if (one == '%') {
				int high = (i + 2 < encoded.length()) ? Character.digit(encoded.charAt(i + 1), 16) : -1;
				int low = (high >= 0) ? Character.digit(encoded.charAt(i + 2), 16) : -1;
				if (low < 0) {
					return null;
				}
				bytes.put((byte) (high << 4 | low));
				i += 2;
			}
			else if (one < 0x80 && isPlain((byte) one)) {
				bytes.put((byte) one);
			}
			else {
				return null;
			}
		}
		try {
			String value = StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
			return isValid(value) ? value : null;
		}
		catch (CharacterCodingException ex) {
			return null;
		}
	}

	// A baggage-octet, without the sign that encodes the others.
	private static boolean isPlain(byte octet) {
		return octet > ' ' && octet < 0x7F && "%\",;\\".indexOf(octet) < 0;
	}

	private static boolean isValid(String value) {
		return value.length() <= MAX_LENGTH
				&& value.codePoints().noneMatch((one) -> Character.isISOControl(one) || isSurrogate(one));
	}

	private static boolean isSurrogate(int codePoint) {
		return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
	}

	/**
	 * Find members of baggage.
	 * @param headers the values of all baggage headers
	 * @return the encoded values by the names of members; of a member that is repeated,
	 * all values
	 */
	static Map<String, List<String>> members(Iterable<String> headers) {
		Map<String, List<String>> members = new LinkedHashMap<>();
		for (String header : headers) {
			for (String member : StringUtils.delimitedListToStringArray(header, ",")) {
				int equals = member.indexOf('=');
				if (equals > 0) {
					int properties = member.indexOf(';', equals);
					String value = member.substring(equals + 1, (properties >= 0) ? properties : member.length());
					members.computeIfAbsent(member.substring(0, equals).strip(), (name) -> new ArrayList<>())
						.add(value.strip());
				}
			}
		}
		return members;
	}

}

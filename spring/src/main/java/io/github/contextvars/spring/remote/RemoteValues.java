package io.github.contextvars.spring.remote;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

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

	// What needs no encoding.
	private static final boolean[] PLAIN = new boolean[0x80];

	static {
		for (int octet = 0; octet < PLAIN.length; octet++) {
			PLAIN[octet] = isPlain((byte) octet);
		}
	}

	private RemoteValues() {
	}

	/**
	 * Encode a value.
	 * @param value the value
	 * @return printable ASCII, or {@code null} if the value is too long, has control
	 * characters or is no text
	 */
	static @Nullable String encode(String value) {
		if (isPlain(value)) {
			return value;
		}
		if (!isValid(value)) {
			return null;
		}
		byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
		StringBuilder encoded = new StringBuilder(bytes.length);
		for (byte one : bytes) {
			if (one >= 0 && PLAIN[one]) {
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
		if (isPlain(encoded)) {
			return encoded;
		}
		// Each character has at most three bytes, of three characters each.
		if (encoded.length() > 9 * MAX_LENGTH) {
			return null;
		}
		byte[] bytes = new byte[encoded.length()];
		int length = 0;
		for (int i = 0; i < encoded.length(); i++) {
			char one = encoded.charAt(i);
			if (one == '%') {
				int high = (i + 2 < encoded.length()) ? Character.digit(encoded.charAt(i + 1), 16) : -1;
				int low = (high >= 0) ? Character.digit(encoded.charAt(i + 2), 16) : -1;
				if (low < 0) {
					return null;
				}
				bytes[length++] = (byte) (high << 4 | low);
				i += 2;
			}
			else if (one < PLAIN.length && PLAIN[one]) {
				bytes[length++] = (byte) one;
			}
			else {
				return null;
			}
		}
		String value = new String(bytes, 0, length, StandardCharsets.UTF_8);
		// What is malformed becomes a character that the bytes may also have.
		if (value.indexOf('\uFFFD') >= 0
				&& !Arrays.equals(value.getBytes(StandardCharsets.UTF_8), Arrays.copyOf(bytes, length))) {
			return null;
		}
		return isValid(value) ? value : null;
	}

	// Nearly all are: identifiers, numbers, constants.
	private static boolean isPlain(String text) {
		boolean plain = text.length() <= MAX_LENGTH;
		for (int i = 0; plain && i < text.length(); i++) {
			char one = text.charAt(i);
			plain = one < PLAIN.length && PLAIN[one];
		}
		return plain;
	}

	// A baggage-octet, without the sign that encodes the others.
	private static boolean isPlain(byte octet) {
		return octet > ' ' && octet < 0x7F && "%\",;\\".indexOf(octet) < 0;
	}

	private static boolean isValid(String value) {
		boolean valid = value.length() <= MAX_LENGTH;
		for (int i = 0; valid && i < value.length(); i++) {
			int one = value.codePointAt(i);
			// A surrogate that is not half of a pair is a code point.
			valid = !Character.isISOControl(one) && (one < Character.MIN_SURROGATE || one > Character.MAX_SURROGATE);
			i += Character.charCount(one) - 1;
		}
		return valid;
	}

	/**
	 * Find members of baggage.
	 * @param headers the values of all baggage headers
	 * @return the encoded values by the names of members; of a member that is repeated,
	 * all values
	 */
	static Map<String, List<String>> members(Iterable<String> headers) {
		Map<String, List<String>> members = new HashMap<>();
		for (String header : headers) {
			int start = 0;
			while (start < header.length()) {
				int comma = header.indexOf(',', start);
				String member = header.substring(start, (comma >= 0) ? comma : header.length());
				start += member.length() + 1;
				int equals = member.indexOf('=');
				if (equals > 0) {
					int properties = member.indexOf(';', equals);
					String value = member.substring(equals + 1, (properties >= 0) ? properties : member.length());
					members.computeIfAbsent(member.substring(0, equals).strip(), (name) -> new ArrayList<>(1))
						.add(value.strip());
				}
			}
		}
		return members;
	}

}

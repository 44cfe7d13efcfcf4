package io.github.contextvars.spring.remote;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.registry.InvalidDeclarationException;

/**
 * Network in CIDR form, such as {@code 10.0.0.0/8} or {@code fd00::/8}, or one address.
 *
 * @param address the address
 * @param prefix how many of its bits count
 */
record Network(InetAddress address, int prefix) {

	// Of four parts: the JDK also parses 10.1 and 167772161.
	private static final Pattern ADDRESS = Pattern
		.compile("\\d{1,3}(\\.\\d{1,3}){3}|[0-9a-fA-F.]*:[0-9a-fA-F:.]*(%\\w+)?");

	/**
	 * Parse a network.
	 * @param text the text
	 * @return the network
	 * @throws InvalidDeclarationException if it is none
	 */
	static Network parse(String text) {
		int slash = text.indexOf('/');
		InetAddress address = parseAddress((slash >= 0) ? text.substring(0, slash) : text);
		if (address != null) {
			int bits = address.getAddress().length * 8;
			if (slash < 0) {
				return new Network(address, bits);
			}
			String prefix = text.substring(slash + 1);
			if (prefix.matches("\\d{1,3}") && Integer.parseInt(prefix) <= bits) {
				return new Network(address, Integer.parseInt(prefix));
			}
		}
		throw new InvalidDeclarationException(
				"'contextvars.remote.receive-from' has '" + text + "', which is neither a network nor a broker",
				"Use networks such as 10.0.0.0/8, and 'kafka', 'rabbit', 'jms' or 'grpc'.");
	}

	/**
	 * Parse an address, and never look up a name.
	 * @param text the text
	 * @return the address, or {@code null} if the text is none
	 */
	static @Nullable InetAddress parseAddress(@Nullable String text) {
		if (text == null || !ADDRESS.matcher(text).matches()) {
			return null;
		}
		int zone = text.indexOf('%');
		try {
			return InetAddress.getByName((zone >= 0) ? text.substring(0, zone) : text);
		}
		catch (UnknownHostException ex) {
			return null;
		}
	}

	boolean contains(InetAddress other) {
		byte[] own = this.address.getAddress();
		byte[] others = other.getAddress();
		if (own.length != others.length) {
			return false;
		}
		for (int i = 0; i < this.prefix; i++) {
			int bit = 1 << (7 - i % 8);
			if ((own[i / 8] & bit) != (others[i / 8] & bit)) {
				return false;
			}
		}
		return true;
	}

}

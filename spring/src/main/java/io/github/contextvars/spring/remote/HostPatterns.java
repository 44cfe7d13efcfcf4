package io.github.contextvars.spring.remote;

import java.net.URI;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.registry.InvalidDeclarationException;

/**
 * The hosts that values are sent to: names such as {@code orders}, with a port such as
 * {@code localhost:8081}, or all below a domain such as {@code *.internal}.
 */
final class HostPatterns {

	private static final Pattern PATTERN = Pattern
		.compile("(\\*\\.(?!\\[))?([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+])(?::(\\d{1,5}))?");

	private final List<HostPattern> patterns;

	HostPatterns(Collection<String> patterns) {
		this.patterns = patterns.stream().map(HostPattern::parse).toList();
	}

	/**
	 * Return whether values are sent to a host.
	 * @param uri the address of the request
	 * @return whether a pattern names its host
	 */
	boolean match(@Nullable URI uri) {
		if (uri == null || uri.getHost() == null) {
			return false;
		}
		String host = uri.getHost().toLowerCase(Locale.ROOT);
		int port = portOf(uri);
		for (HostPattern pattern : this.patterns) {
			if (pattern.matches(host, port)) {
				return true;
			}
		}
		return false;
	}

	private static int portOf(URI uri) {
		if (uri.getPort() >= 0) {
			return uri.getPort();
		}
		return "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
	}

	/**
	 * One of the patterns.
	 *
	 * @param host the host, or a dot and the domain that it is below
	 * @param port the port, or a negative number for all
	 */
	private record HostPattern(String host, int port) {

		static HostPattern parse(String text) {
			Matcher matcher = PATTERN.matcher(text);
			if (!matcher.matches()) {
				throw new InvalidDeclarationException(
						"'contextvars.remote.send-to' has '" + text + "', which is neither a host nor a transport",
						"Use hosts such as orders, localhost:8081 and *.internal, and 'kafka', 'rabbit', 'jms' or"
								+ " 'grpc'.");
			}
			String host = matcher.group(2).toLowerCase(Locale.ROOT);
			return new HostPattern((matcher.group(1) != null) ? "." + host : host,
					(matcher.group(3) != null) ? Integer.parseInt(matcher.group(3)) : -1);
		}

		boolean matches(String other, int otherPort) {
			if (this.port >= 0 && this.port != otherPort) {
				return false;
			}
			return this.host.startsWith(".") ? other.length() > this.host.length() && other.endsWith(this.host)
					: other.equals(this.host);
		}

	}

}

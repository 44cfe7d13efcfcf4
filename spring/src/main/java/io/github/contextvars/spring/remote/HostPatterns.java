package io.github.contextvars.spring.remote;

import java.net.URI;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.registry.InvalidDeclarationException;

/**
 * The hosts that values are sent to: names such as {@code orders}, with a port such as
 * {@code localhost:8081}, or all below a domain such as {@code *.internal}.
 */
final class HostPatterns {

	private final List<String> patterns;

	HostPatterns(Collection<String> patterns) {
		this.patterns = patterns.stream().map(HostPatterns::checked).toList();
	}

	private static String checked(String pattern) {
		if (!pattern
			.matches("(\\*\\.)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(:\\d{1,5})?|\\[[0-9A-Fa-f:.]+](:\\d{1,5})?")) {
			throw new InvalidDeclarationException(
					"'contextvars.remote.send-to' has '" + pattern + "', which is neither a host nor a transport",
					"Use hosts such as orders, localhost:8081 and *.internal, and 'kafka', 'rabbit', 'jms' or 'grpc'.");
		}
		return pattern.toLowerCase(Locale.ROOT);
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
		String withPort = host + ":" + portOf(uri);
		return this.patterns.stream()
			.anyMatch((pattern) -> pattern.startsWith("*.")
					? isBelow(host, pattern.substring(1)) || isBelow(withPort, pattern.substring(1))
					: pattern.equals(host) || pattern.equals(withPort));
	}

	private static boolean isBelow(String host, String domain) {
		return host.length() > domain.length() && host.endsWith(domain);
	}

	private static int portOf(URI uri) {
		if (uri.getPort() >= 0) {
			return uri.getPort();
		}
		return "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
	}

}

package io.github.contextvars.spring.fill;

import java.util.List;
import java.util.Map;

import org.springframework.http.HttpHeaders;

/**
 * Reader of HTTP headers that uses only what {@link HttpHeaders} offers with Spring
 * Framework 6.2 and with 7.0: it is a map of them in one, and no map in the other.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
public final class HttpHeaderValues {

	private HttpHeaderValues() {
	}

	/**
	 * Return the values of a header.
	 * @param headers the headers
	 * @param name the name of the header, in any case
	 * @return its values, or an empty list if it is not there
	 */
	public static List<String> of(HttpHeaders headers, String name) {
		if (headers.getFirst(name) != null) {
			for (Map.Entry<String, List<String>> header : headers.headerSet()) {
				if (header.getKey().equalsIgnoreCase(name)) {
					return header.getValue();
				}
			}
		}
		return List.of();
	}

}

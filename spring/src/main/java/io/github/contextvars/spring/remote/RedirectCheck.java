package io.github.contextvars.spring.remote;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.http.HttpClient;
import java.util.List;
import java.util.Map;

import org.apache.hc.client5.http.config.Configurable;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.http.client.ClientHttpRequest;
import org.springframework.http.client.ClientHttpRequestFactory;

/**
 * Whether an HTTP client follows redirects by itself, and so hands headers to hosts that
 * are not named. Knows Spring's own requests, which hold the client in a private field;
 * what it does not know is taken to follow.
 */
final class RedirectCheck {

	private static final String PACKAGE = "org.springframework.http.client.";

	private RedirectCheck() {
	}

	/**
	 * Return whether a request that is about to be executed follows redirects.
	 * @param request the request
	 * @return {@code false} only if it is known not to
	 */
	static boolean follows(ClientHttpRequest request) {
		try {
			return !isSafe(request);
		}
		catch (RuntimeException | IOException | LinkageError ex) {
			return true;
		}
	}

	private static boolean isSafe(ClientHttpRequest request) throws IOException {
		String type = request.getClass().getName();
		if ((type.startsWith("org.springframework.mock.http.client.")
				|| type.startsWith("org.springframework.test.web."))) {
			return true;
		}
		if (!type.startsWith(PACKAGE)) {
			return false;
		}
		return switch (type.substring(PACKAGE.length())) {
			// Its interceptors are called before the request is made.
			case "InterceptingClientHttpRequest" -> isSafe(((ClientHttpRequestFactory) field(request, "requestFactory"))
				.createRequest(request.getURI(), request.getMethod()));
			case "BufferingClientHttpRequestWrapper" -> isSafe((ClientHttpRequest) field(request, "request"));
			case "JdkClientHttpRequest" ->
				((HttpClient) field(request, "httpClient")).followRedirects() == HttpClient.Redirect.NEVER;
			case "SimpleClientHttpRequest" ->
				!((HttpURLConnection) field(request, "connection")).getInstanceFollowRedirects();
			case "JettyClientHttpRequest" -> JettyCheck.isSafe(field(request, "request"));
			case "ReactorClientHttpRequest" -> ReactorCheck.isSafe(field(request, "httpClient"));
			case "HttpComponentsClientHttpRequest" ->
				HttpComponentsCheck.isSafe(field(request, "httpContext"), field(request, "httpClient"));
			default -> false;
		};
	}

	private static Object field(Object request, String name) {
		Object value = new DirectFieldAccessor(request).getPropertyValue(name);
		if (value == null) {
			throw new IllegalStateException("no " + name);
		}
		return value;
	}

	private static final class JettyCheck {

		static boolean isSafe(Object request) {
			return request instanceof org.eclipse.jetty.client.Request jetty && !jetty.isFollowRedirects();
		}

	}

	private static final class ReactorCheck {

		static boolean isSafe(Object client) {
			return client instanceof reactor.netty.http.client.HttpClient reactor
					&& reactor.configuration().followRedirectPredicate() == null;
		}

	}

	private static final class HttpComponentsCheck {

		static boolean isSafe(Object context, Object client) {
			RequestConfig config = (context instanceof HttpClientContext known) ? known.getRequestConfig() : null;
			if (config == null && client instanceof Configurable configurable) {
				config = configurable.getConfig();
			}
			return isOff(config);
		}

		private static boolean isOff(@Nullable RequestConfig config) {
			return config != null && !config.isRedirectsEnabled();
		}

	}

	/**
	 * {@link RuntimeHintsRegistrar} for the fields that hold the clients.
	 */
	static final class Hints implements RuntimeHintsRegistrar {

		private static final Map<String, List<String>> FIELDS = Map.of("InterceptingClientHttpRequest",
				List.of("requestFactory"), "BufferingClientHttpRequestWrapper", List.of("request"),
				"JdkClientHttpRequest", List.of("httpClient"), "SimpleClientHttpRequest", List.of("connection"),
				"JettyClientHttpRequest", List.of("request"), "ReactorClientHttpRequest", List.of("httpClient"),
				"HttpComponentsClientHttpRequest", List.of("httpContext", "httpClient"));

		@Override
		public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
			FIELDS.forEach((type, fields) -> hints.reflection()
				.registerTypeIfPresent(classLoader, PACKAGE + type, (hint) -> fields.forEach(hint::withField)));
		}

	}

}

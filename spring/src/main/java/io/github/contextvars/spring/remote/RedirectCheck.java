package io.github.contextvars.spring.remote;

import java.io.IOException;
import java.lang.reflect.Field;
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
import org.springframework.http.client.ClientHttpRequest;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.util.Assert;
import org.springframework.util.ReflectionUtils;

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
		return switch (type) {
			// Its interceptors are called before the request is made.
			case PACKAGE + "InterceptingClientHttpRequest" ->
				isSafe(((ClientHttpRequestFactory) field(request, "requestFactory")).createRequest(request.getURI(),
						request.getMethod()));
			case PACKAGE + "BufferingClientHttpRequestWrapper" -> isSafe((ClientHttpRequest) field(request, "request"));
			case PACKAGE + "JdkClientHttpRequest" ->
				((HttpClient) field(request, "httpClient")).followRedirects() == HttpClient.Redirect.NEVER;
			case PACKAGE + "SimpleClientHttpRequest" ->
				!((HttpURLConnection) field(request, "connection")).getInstanceFollowRedirects();
			case PACKAGE + "JettyClientHttpRequest" -> JettyCheck.isSafe(field(request, "request"));
			case PACKAGE + "ReactorClientHttpRequest" -> ReactorCheck.isSafe(field(request, "httpClient"));
			case PACKAGE + "HttpComponentsClientHttpRequest" ->
				HttpComponentsCheck.isSafe(field(request, "httpContext"), field(request, "httpClient"));
			default -> type.startsWith("org.springframework.mock.http.client.")
					|| type.startsWith("org.springframework.test.web.");
		};
	}

	/**
	 * Read a private field.
	 * @param holder what has the field
	 * @param name the field's name
	 * @return its value
	 * @throws IllegalStateException if there is no such field, or it is empty
	 */
	static Object field(Object holder, String name) {
		Field field = ReflectionUtils.findField(holder.getClass(), name);
		Assert.state(field != null, "no such field");
		ReflectionUtils.makeAccessible(field);
		Object value = ReflectionUtils.getField(field, holder);
		Assert.state(value != null, "no value");
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

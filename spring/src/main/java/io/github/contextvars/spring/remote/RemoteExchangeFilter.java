package io.github.contextvars.spring.remote;

import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.springframework.http.client.reactive.ClientHttpRequest;
import org.springframework.util.ClassUtils;
import org.springframework.web.reactive.function.client.ClientRequest;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.ExchangeFilterFunction;
import org.springframework.web.reactive.function.client.ExchangeFunction;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClientRequest;

import io.github.contextvars.spring.fill.HttpHeaderValues;

/**
 * {@link ExchangeFilterFunction} that adds the values of variables to the requests of a
 * {@code WebClient}. A request may be subscribed to several times: each exchange has the
 * values of the thread that subscribes. What tells whether a client follows redirects is
 * the native request, which is made later, for the host that other filters have left.
 * <p>
 * Internal: public for the library's auto-configuration only.
 *
 * @since 0.1.0
 */
public final class RemoteExchangeFilter implements ExchangeFilterFunction {

	private final RemoteSender sender;

	RemoteExchangeFilter(RemoteSender sender) {
		this.sender = sender;
	}

	@Override
	public Mono<ClientResponse> filter(ClientRequest request, ExchangeFunction next) {
		Map<String, String> values = new LinkedHashMap<>();
		if (this.sender.isNamed(request.url())) {
			this.sender.addTo("http", (name) -> {
				List<String> present = HttpHeaderValues.of(request.headers(), name);
				return present.isEmpty() ? null : String.join(",", present);
			}, values::put);
		}
		if (values.isEmpty()) {
			return next.exchange(request);
		}
		return next.exchange(ClientRequest.from(request).httpRequest((sent) -> add(sent, values)).build());
	}

	private void add(ClientHttpRequest request, Map<String, String> values) {
		URI uri = request.getURI();
		if (!this.sender.isNamed(uri)) {
			return;
		}
		Object nativeRequest = nativeRequest(request);
		if (follows(nativeRequest)) {
			this.sender.refuse("WebClient with " + ClassUtils.getShortName(nativeRequest.getClass()),
					RemoteSender.SWITCH_OFF);
		}
		else {
			values.forEach(request.getHeaders()::set);
		}
	}

	private static Object nativeRequest(ClientHttpRequest request) {
		try {
			return request.getNativeRequest();
		}
		catch (RuntimeException ex) {
			return request;
		}
	}

	private static boolean follows(Object request) {
		try {
			return !(ReactorCheck.isSafe(request) || JettyCheck.isSafe(request));
		}
		catch (LinkageError ex) {
			return true;
		}
	}

	private static final class ReactorCheck {

		// After 50 redirects it says that it does not follow.
		static boolean isSafe(Object request) {
			return request.getClass().getName().startsWith("reactor.netty.")
					&& request instanceof HttpClientRequest reactor && !reactor.isFollowRedirect()
					&& reactor.redirectedFrom().length == 0;
		}

	}

	private static final class JettyCheck {

		static boolean isSafe(Object request) {
			return request.getClass().getName().startsWith("org.eclipse.jetty.")
					&& request instanceof org.eclipse.jetty.client.Request jetty && !jetty.isFollowRedirects();
		}

	}

}

package io.github.contextvars.spring.web.reactive;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.web.cors.reactive.CorsUtils;
import reactor.netty.http.server.HttpServerRequest;

import io.github.contextvars.spring.fill.FillRules;
import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.fill.HttpHeaderValues;
import io.github.contextvars.spring.remote.RemoteReceiver;

/**
 * Fills variables of a request's context before all filters: with what another process
 * has sent, then from headers, then by the application's
 * {@link ServerRequestContextInitializer}s.
 */
final class RequestFiller implements BiConsumer<ServerHttpRequest, FilledValues> {

	private static final boolean NETTY = Netty.isPresent();

	private final Supplier<@Nullable RemoteReceiver> receiver;

	private final FillRules rules;

	private final List<ServerRequestContextInitializer> initializers;

	RequestFiller(Supplier<@Nullable RemoteReceiver> receiver, FillRules rules,
			List<ServerRequestContextInitializer> initializers) {
		this.receiver = receiver;
		this.rules = rules;
		this.initializers = List.copyOf(initializers);
	}

	@Override
	public void accept(ServerHttpRequest request, FilledValues filled) {
		RemoteReceiver present = this.receiver.get();
		if (present != null) {
			present.receive("http", peerOf(request), request, (name) -> HttpHeaderValues.of(request.getHeaders(), name),
					filled);
		}
		this.rules.fromHeaders((name) -> HttpHeaderValues.of(request.getHeaders(), name), filled,
				CorsUtils.isPreFlightRequest(request));
		this.initializers.forEach((initializer) -> initializer.initialize(request));
	}

	// What the server tells as the remote address may be one that a proxy has forwarded.
	private static @Nullable InetAddress peerOf(ServerHttpRequest request) {
		return (NETTY && Netty.peerOf(request) instanceof InetSocketAddress peer) ? peer.getAddress() : null;
	}

	private static final class Netty {

		// Not by its name, which a native image would not know.
		static boolean isPresent() {
			try {
				return HttpServerRequest.class.isInterface();
			}
			catch (LinkageError ex) {
				return false;
			}
		}

		static @Nullable Object peerOf(ServerHttpRequest request) {
			try {
				Object nativeRequest = ServerHttpRequestDecorator.getNativeRequest(request);
				return (nativeRequest instanceof HttpServerRequest netty) ? netty.connectionRemoteAddress() : null;
			}
			catch (RuntimeException ex) {
				return null; // a request of a test has none
			}
		}

	}

}

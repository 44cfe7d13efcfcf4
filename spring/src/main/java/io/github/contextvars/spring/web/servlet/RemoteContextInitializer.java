package io.github.contextvars.spring.web.servlet;

import java.net.InetAddress;
import java.util.Collections;
import java.util.function.Supplier;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.remote.RemoteReceiver;

/**
 * {@link RequestContextInitializer} that sets variables which another process has sent.
 */
final class RemoteContextInitializer implements RequestContextInitializer {

	private final Supplier<@Nullable RemoteReceiver> receiver;

	RemoteContextInitializer(Supplier<@Nullable RemoteReceiver> receiver) {
		this.receiver = receiver;
	}

	@Override
	public void initialize(HttpServletRequest request) {
		RemoteReceiver present = this.receiver.get();
		if (present != null) {
			present.receive("http", addressOf(request), request,
					(header) -> Collections.list(request.getHeaders(header)), ContextFilter.filledValues(request));
		}
	}

	// What the web server tells as the remote address may be one that a proxy has
	// forwarded.
	private static @Nullable InetAddress addressOf(HttpServletRequest request) {
		return (request.getAttribute(ContextFilter.PEER_ADDRESS) instanceof String peer)
				? RemoteReceiver.parseAddress(peer) : null;
	}

}

package io.github.contextvars.spring.web.servlet;

import java.net.InetAddress;
import java.util.Collections;
import java.util.function.Supplier;

import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
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
			present.receive("http", addressOf(request, present), request,
					(header) -> Collections.list(request.getHeaders(header)), ContextFilter.filledValues(request));
		}
	}

	private static @Nullable InetAddress addressOf(HttpServletRequest request, RemoteReceiver receiver) {
		if (request.getAttribute(ContextFilter.PEER_ADDRESS) instanceof String peer) {
			return RemoteReceiver.parseAddress(peer);
		}
		if (receiver.hasForwardedAddresses()) {
			return null;
		}
		// A filter may have wrapped it to show a forwarded address.
		ServletRequest innermost = request;
		while (innermost instanceof ServletRequestWrapper wrapper) {
			innermost = wrapper.getRequest();
		}
		return RemoteReceiver.parseAddress(innermost.getRemoteAddr());
	}

}

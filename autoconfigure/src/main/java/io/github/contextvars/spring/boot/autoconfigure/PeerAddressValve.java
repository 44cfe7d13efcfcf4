package io.github.contextvars.spring.boot.autoconfigure;

import java.io.IOException;

import jakarta.servlet.ServletException;
import org.apache.catalina.Valve;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;

import io.github.contextvars.spring.web.servlet.ContextFilter;

/**
 * {@link Valve} that notes the address of the connection. What Tomcat tells as the remote
 * address may be one that a proxy has forwarded.
 */
final class PeerAddressValve extends ValveBase {

	PeerAddressValve() {
		super(true);
	}

	@Override
	public void invoke(Request request, Response response) throws IOException, ServletException {
		request.setAttribute(ContextFilter.PEER_ADDRESS, request.getPeerAddr());
		getNext().invoke(request, response);
	}

}

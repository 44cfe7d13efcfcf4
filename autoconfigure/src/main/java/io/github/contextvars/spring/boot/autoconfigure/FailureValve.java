package io.github.contextvars.spring.boot.autoconfigure;

import java.io.IOException;

import jakarta.servlet.ServletException;
import org.apache.catalina.Valve;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;

import io.github.contextvars.Context;
import io.github.contextvars.spring.web.servlet.ContextFilter;

/**
 * {@link Valve} that keeps the context of a request that failed until Tomcat has logged
 * the failure.
 */
final class FailureValve extends ValveBase {

	FailureValve() {
		super(true);
	}

	@Override
	public void invoke(Request request, Response response) throws IOException, ServletException {
		try (Context.Scope scope = ContextFilter.stayOnFailure(request)) {
			getNext().invoke(request, response);
		}
	}

}

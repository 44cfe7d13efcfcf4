package io.github.contextvars.spring.testing;

import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

import jakarta.servlet.ServletException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;

/**
 * Stands outside of all filters and remembers each thread that comes or goes with a
 * context.
 */
final class SentinelValve extends ValveBase {

	final Queue<String> dirty = new ConcurrentLinkedQueue<>();

	final AtomicInteger entries = new AtomicInteger();

	final AtomicInteger exits = new AtomicInteger();

	SentinelValve() {
		super(true);
	}

	@Override
	public void invoke(Request request, Response response) throws IOException, ServletException {
		check("entry", request);
		this.entries.incrementAndGet();
		try {
			getNext().invoke(request, response);
		}
		finally {
			check("exit", request);
			this.exits.incrementAndGet();
		}
	}

	private void check(String when, Request request) {
		if (ThreadContextProbe.isInContext()) {
			this.dirty.add(when + " of " + request.getDispatcherType() + " " + request.getRequestURI() + " on "
					+ Thread.currentThread().getName());
		}
	}

}

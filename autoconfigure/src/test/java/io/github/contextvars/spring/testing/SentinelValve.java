package io.github.contextvars.spring.testing;

import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

import jakarta.servlet.ServletException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;

import io.github.contextvars.Context;

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
		check("entry of " + request.getDispatcherType() + " " + request.getRequestURI());
		this.entries.incrementAndGet();
		try {
			getNext().invoke(request, response);
		}
		finally {
			check("exit of " + request.getDispatcherType() + " " + request.getRequestURI());
			this.exits.incrementAndGet();
		}
	}

	// A thread of Netty comes with each request, and is busy with others before.
	void observe(Object connection) {
		if (Context.depth() > 0) {
			this.dirty.add("request of " + connection + " on " + Thread.currentThread().getName());
		}
		this.entries.incrementAndGet();
		this.exits.incrementAndGet();
	}

	private void check(String when) {
		if (ThreadContextProbe.isInContext()) {
			this.dirty.add(when + " on " + Thread.currentThread().getName());
		}
	}

}

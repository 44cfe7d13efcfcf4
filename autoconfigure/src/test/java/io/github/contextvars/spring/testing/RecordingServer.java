package io.github.contextvars.spring.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/**
 * An HTTP server that records the headers of the requests that reach it, and redirects
 * those for {@code /redirect} to another host: its own other name.
 */
public final class RecordingServer implements AutoCloseable {

	private final HttpServer server;

	private final List<Headers> recorded = new CopyOnWriteArrayList<>();

	private RecordingServer() throws IOException {
		this.server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
		this.server.createContext("/", this::handle);
		this.server.start();
	}

	public static RecordingServer start() {
		try {
			return new RecordingServer();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void handle(HttpExchange exchange) throws IOException {
		this.recorded.add(exchange.getRequestHeaders());
		if (exchange.getRequestURI().getPath().equals("/redirect")) {
			exchange.getResponseHeaders().add("Location", uri("localhost") + "target");
			exchange.sendResponseHeaders(302, -1);
		}
		else {
			exchange.sendResponseHeaders(200, 2);
			exchange.getResponseBody().write("ok".getBytes(StandardCharsets.UTF_8));
		}
		exchange.close();
	}

	/**
	 * Return an address of this server.
	 * @param host {@code 127.0.0.1} or {@code localhost}
	 * @return the address, with a slash at the end
	 */
	public String uri(String host) {
		return "http://" + host + ":" + this.server.getAddress().getPort() + "/";
	}

	public List<Headers> recorded() {
		return this.recorded;
	}

	@Override
	public void close() {
		this.server.stop(0);
	}

}

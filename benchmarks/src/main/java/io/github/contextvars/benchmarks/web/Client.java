package io.github.contextvars.benchmarks.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * HTTP client with one connection that is kept alive. It sends one request again and
 * again at nearly no cost, because every response is as long as the first.
 */
final class Client implements AutoCloseable {

	private final Socket socket;

	private final OutputStream output;

	private final InputStream input;

	private final byte[] request;

	private final byte[] response = new byte[4096];

	private final int length;

	Client(int port, String path) throws IOException {
		this.socket = new Socket(InetAddress.getLoopbackAddress(), port);
		this.socket.setTcpNoDelay(true);
		this.output = this.socket.getOutputStream();
		this.input = this.socket.getInputStream();
		this.request = ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n")
			.getBytes(StandardCharsets.US_ASCII);
		this.output.write(this.request);
		this.length = readFirst();
	}

	/**
	 * Send the request once more.
	 * @return the last sixteen characters of the response
	 */
	String send() throws IOException {
		this.output.write(this.request);
		if (this.input.readNBytes(this.response, 0, this.length) != this.length) {
			throw new IOException("The server closed the connection");
		}
		if (this.response[9] != '2') {
			throw new IOException("The server responded with an error");
		}
		return new String(this.response, this.length - 16, 16, StandardCharsets.US_ASCII);
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	private int readFirst() throws IOException {
		StringBuilder head = new StringBuilder();
		while (head.indexOf("\r\n\r\n") < 0) {
			int next = this.input.read();
			if (next < 0) {
				throw new IOException("The server closed the connection");
			}
			head.append((char) next);
		}
		String bodyLength = head.toString()
			.lines()
			.filter((line) -> line.toLowerCase(Locale.ROOT).startsWith("content-length:"))
			.findFirst()
			.orElseThrow()
			.substring("content-length:".length());
		int body = Integer.parseInt(bodyLength.trim());
		this.input.readNBytes(body);
		return head.length() + body;
	}

}

package io.github.contextvars.spring.testing;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * Services that tests use where one answers on its standard port of this machine.
 */
public enum Services {

	/**
	 * A RabbitMQ broker.
	 */
	RABBITMQ("RabbitMQ", 5672),

	/**
	 * A PostgreSQL database.
	 */
	POSTGRESQL("PostgreSQL", 5432),

	/**
	 * A Redis server.
	 */
	REDIS("Redis", 6379);

	private final String title;

	private final int port;

	Services(String title, int port) {
		this.title = title;
		this.port = port;
	}

	/**
	 * Return whether the service answers.
	 * @return whether a connection can be made
	 */
	public boolean isThere() {
		try (Socket socket = new Socket()) {
			socket.connect(new InetSocketAddress("127.0.0.1", this.port), 1000);
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * Describe why a test is skipped.
	 * @return a sentence
	 */
	public String absence() {
		return "No " + this.title + " answers on 127.0.0.1:" + this.port;
	}

}

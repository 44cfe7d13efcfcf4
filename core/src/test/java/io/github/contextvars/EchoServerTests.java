package io.github.contextvars;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests with the echo server of the documentation of Python's {@code contextvars}, on a
 * pool, on an event loop and on virtual threads.
 */
class EchoServerTests {

	private static final int CLIENTS = 6;

	private static final int ROUNDS = 15;

	private static final ContextVar<InetSocketAddress> CLIENT_ADDR = ContextVar.of("client_addr");

	private static final ContextVar<Integer> LINES = ContextVar.of("lines", 0);

	/**
	 * Know the client without an argument.
	 */
	private static String renderGoodbye() {
		return "Good bye, client @ " + CLIENT_ADDR.get().getPort() + "\r\n";
	}

	@Test
	void handleWhenOnAThreadPoolSeesItsOwnClient() throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(3);
		try {
			serveBlocking(pool);
		}
		finally {
			pool.shutdownNow();
		}
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void handleWhenOnAVirtualThreadSeesItsOwnClient() throws Exception {
		ExecutorService pool = (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor")
			.invoke(null);
		try {
			serveBlocking(pool);
		}
		finally {
			pool.shutdownNow();
		}
	}

	@Test
	void readWhenOnAnEventLoopSeesItsOwnClientAndEarlierReads() throws Exception {
		try (EventLoop loop = new EventLoop()) {
			Future<Void> served = TestThreads.start("event-loop", loop::serve);

			TestThreads.together(CLIENTS, () -> {
				for (int round = 0; round < ROUNDS; round++) {
					assertThat(talk(loop.port())).matches("Good bye, client @ \\d+ after 4 lines");
				}
				return null;
			});

			loop.close();
			TestThreads.result(served);
			assertThat(loop.contexts).hasSize(CLIENTS * ROUNDS);
			assertThat(loop.contexts).allSatisfy((context) -> assertThat(context.get(LINES)).isEqualTo(4));
			assertThat(loop.contexts.stream().map((context) -> context.get(CLIENT_ADDR)).toList())
				.hasSize(CLIENTS * ROUNDS)
				.doesNotContainNull();
		}
	}

	private void serveBlocking(ExecutorService pool) throws Exception {
		Executor executor = ContextExecutors.wrap(pool);
		List<Throwable> failures = new CopyOnWriteArrayList<>();
		try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
			Future<Void> acceptor = TestThreads.start("acceptor", () -> {
				for (int i = 0; i < CLIENTS * ROUNDS; i++) {
					Socket socket = server.accept();
					new Context().run(() -> {
						CLIENT_ADDR.set((InetSocketAddress) socket.getRemoteSocketAddress());
						executor.execute(() -> handle(socket, failures));
					});
				}
				return null;
			});

			TestThreads.together(CLIENTS, () -> {
				for (int round = 0; round < ROUNDS; round++) {
					assertThat(talk(server.getLocalPort())).matches("Good bye, client @ \\d+");
				}
				return null;
			});

			TestThreads.result(acceptor);
		}
		assertThat(failures).isEmpty();
	}

	private void handle(Socket socket, List<Throwable> failures) {
		try (socket) {
			BufferedReader lines = new BufferedReader(
					new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
			while (!lines.readLine().isEmpty()) {
				LINES.set(LINES.get() + 1);
			}
			assertThat(LINES.get()).isEqualTo(3);
			socket.getOutputStream().write(renderGoodbye().getBytes(StandardCharsets.UTF_8));
		}
		catch (Throwable ex) {
			failures.add(ex);
		}
	}

	/**
	 * Be a client that sends three lines and an empty one, each in a separate packet.
	 * @return the response of the server, which must name this client
	 */
	private String talk(int port) throws IOException {
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
			socket.setSoTimeout(60_000);
			socket.setTcpNoDelay(true);
			OutputStream out = socket.getOutputStream();
			for (String line : List.of("GET / HTTP/1.1", "Host: localhost", "Accept: */*", "")) {
				out.write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
				out.flush();
			}
			String response = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
				.readLine();
			assertThat(response).startsWith("Good bye, client @ " + socket.getLocalPort());
			return response;
		}
	}

	/**
	 * Event loop with one thread for all connections, and one context for each.
	 */
	private static final class EventLoop implements AutoCloseable {

		private final Selector selector = Selector.open();

		private final ServerSocketChannel server = ServerSocketChannel.open();

		private final List<Context> contexts = new CopyOnWriteArrayList<>();

		EventLoop() throws IOException {
			this.server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
			this.server.configureBlocking(false);
			this.server.register(this.selector, SelectionKey.OP_ACCEPT);
		}

		int port() {
			return this.server.socket().getLocalPort();
		}

		Void serve() throws IOException {
			while (this.selector.isOpen()) {
				this.selector.select((key) -> {
					try {
						if (key.isAcceptable()) {
							accept();
						}
						else {
							// A step of a connection, in the connection's own context.
							((Executor) key.attachment()).execute(() -> read(key));
						}
					}
					catch (IOException ex) {
						throw new UncheckedIOException(ex);
					}
				});
				assertThat(CLIENT_ADDR.get((InetSocketAddress) null)).isNull();
				if (!this.server.isOpen()) {
					this.selector.close();
				}
			}
			return null;
		}

		private void accept() throws IOException {
			SocketChannel channel = this.server.accept();
			InetSocketAddress client = (InetSocketAddress) channel.getRemoteAddress();
			Context context = new Context();
			this.contexts.add(context);
			Executor executor = ContextExecutors.within(Runnable::run, context);
			executor.execute(() -> CLIENT_ADDR.set(client));
			channel.configureBlocking(false);
			channel.register(this.selector, SelectionKey.OP_READ, executor);
		}

		private void read(SelectionKey key) {
			try {
				SocketChannel channel = (SocketChannel) key.channel();
				// Small, so that a connection takes several steps.
				ByteBuffer buffer = ByteBuffer.allocate(8);
				channel.read(buffer);
				for (byte character : buffer.array()) {
					if (character == '\n') {
						LINES.set(LINES.get() + 1);
					}
				}
				if (LINES.get() == 4) {
					String response = renderGoodbye().strip() + " after " + LINES.get() + " lines\r\n";
					channel.write(ByteBuffer.wrap(response.getBytes(StandardCharsets.UTF_8)));
					channel.close();
				}
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

		@Override
		public void close() throws IOException {
			this.server.close();
			if (this.selector.isOpen()) {
				this.selector.wakeup();
			}
		}

	}

}

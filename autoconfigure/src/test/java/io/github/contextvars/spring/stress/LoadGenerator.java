package io.github.contextvars.spring.stress;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;

/**
 * Clients on 64 connections, half of them HTTP/1.1 and half h2c. Each sends one request
 * after the other, of kinds that the seed chooses. Requests that will time out are sent
 * asynchronously, as the others need not wait for them.
 */
final class LoadGenerator {

	private static final int CONNECTIONS = 64;

	private static final int MAX_TIME_OUTS = 128;

	// Each kind at least twice, with even and odd numbers.
	private static final int FIRST = 2 * RequestKind.values().length;

	private final ViolationLog log;

	private final int port;

	private final long seed;

	// One client has as many connections of HTTP/1.1 as it needs, but one of HTTP/2.
	private final List<HttpClient> clients = new ArrayList<>();

	private int sent;

	private final Semaphore timeOuts = new Semaphore(MAX_TIME_OUTS);

	LoadGenerator(ViolationLog log, int port, long seed) {
		this.log = log;
		this.port = port;
		this.seed = seed;
		HttpClient shared = client(HttpClient.Version.HTTP_1_1);
		for (int lane = 0; lane < CONNECTIONS; lane++) {
			this.clients.add((lane % 2 == 0) ? shared : client(HttpClient.Version.HTTP_2));
		}
	}

	/**
	 * Send that many requests, half of them with each version, and return when all have
	 * ended.
	 */
	void send(int requests) throws Exception {
		int middle = this.sent + requests / 2;
		int end = this.sent + requests;
		AtomicInteger next = new AtomicInteger(this.sent);
		AtomicInteger nextOfHttp2 = new AtomicInteger(middle);
		ExecutorService lanes = Executors.newFixedThreadPool(CONNECTIONS);
		try {
			List<Future<?>> ends = new ArrayList<>();
			for (int lane = 0; lane < CONNECTIONS; lane++) {
				HttpClient client = this.clients.get(lane);
				boolean http2 = client.version() == HttpClient.Version.HTTP_2;
				ends.add(lanes.submit(() -> sendInTurn(client, http2 ? nextOfHttp2 : next, http2 ? end : middle)));
			}
			for (Future<?> lane : ends) {
				lane.get();
			}
			this.timeOuts.acquire(MAX_TIME_OUTS);
			this.timeOuts.release(MAX_TIME_OUTS);
			this.sent = end;
		}
		finally {
			lanes.shutdownNow();
		}
	}

	private @Nullable Void sendInTurn(HttpClient client, AtomicInteger next, int end) throws Exception {
		for (int id = next.getAndIncrement(); id < end; id = next.getAndIncrement()) {
			send(client, id);
		}
		return null;
	}

	private static HttpClient client(HttpClient.Version version) {
		return HttpClient.newBuilder().version(version).build();
	}

	private void send(HttpClient client, int id) throws Exception {
		RequestKind kind = (id < FIRST) ? RequestKind.values()[id % RequestKind.values().length]
				: RequestKind.next(new SplittableRandom(this.seed + id));
		this.log.count("requests");
		if (kind.isFault()) {
			this.log.count("faults");
		}
		if (kind.timesOut()) {
			this.timeOuts.acquire();
			client.sendAsync(request(kind, id), HttpResponse.BodyHandlers.discarding())
				.whenComplete((response, failure) -> this.timeOuts.release());
		}
		else if (kind == RequestKind.ABORTED) {
			abort(client, id);
		}
		else {
			exchange(client, kind, id);
		}
	}

	// After a fault on a connection, the container may close it or respond with 500
	// without calling the application. Such a request is sent again, and may meet another
	// such connection.
	private void exchange(HttpClient client, RequestKind kind, int id) throws InterruptedException {
		HttpResponse<String> response = attempt(client, kind, id);
		if (kind.isFault()) {
			return;
		}
		for (int i = 0; i < 3 && (response == null || response.statusCode() != 200); i++) {
			this.log.count("repeated");
			response = attempt(client, kind, id);
		}
		if (response == null || response.statusCode() != 200) {
			this.log.record(ViolationLog.Violation.UNANSWERED, kind + " " + id);
		}
		else if (!response.body().equals(Integer.toString(id))) {
			this.log.record(ViolationLog.Violation.BLEED, kind + " " + id + " received " + response.body());
		}
	}

	private HttpResponse<String> attempt(HttpClient client, RequestKind kind, int id) throws InterruptedException {
		try {
			HttpResponse<String> response = client.send(request(kind, id), HttpResponse.BodyHandlers.ofString());
			this.log.count(response.version() + " responses");
			return response;
		}
		catch (IOException ex) {
			return null;
		}
	}

	// In the middle of the body: a reset of the stream in HTTP/2, of the connection in
	// HTTP/1.1.
	private void abort(HttpClient client, int id) throws InterruptedException {
		try {
			if (client.version() == HttpClient.Version.HTTP_2) {
				try (InputStream body = client
					.send(request(RequestKind.ABORTED, id), HttpResponse.BodyHandlers.ofInputStream())
					.body()) {
					body.read();
				}
				return;
			}
			try (Socket socket = new Socket("localhost", this.port)) {
				socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(Awaiting.SECONDS));
				socket.setSoLinger(true, 0);
				socket.getOutputStream()
					.write(("GET " + RequestKind.ABORTED.path() + "?id=" + id + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
						.getBytes(StandardCharsets.US_ASCII));
				socket.getInputStream().readNBytes(10_000);
			}
		}
		catch (IOException ex) {
			this.log.count("aborts that failed");
		}
	}

	private HttpRequest request(RequestKind kind, int id) {
		return HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + kind.path() + "?id=" + id))
			.timeout(Duration.ofSeconds(Awaiting.SECONDS))
			.build();
	}

}

package io.github.contextvars.compatibility;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * HTTP client of an application under test.
 */
final class Client {

	private static final List<String> TENANTS = List.of("acme", "globex", "");

	private static final int REQUESTS = 24;

	private static final Duration TIMEOUT = Duration.ofMinutes(1);

	private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

	private final String address;

	Client(int port) {
		this.address = "http://localhost:" + port;
	}

	/**
	 * Send a request.
	 * @param path the path, and maybe a query
	 * @param headers names and values of headers
	 * @return the body
	 */
	String get(String path, String... headers) {
		return send(request(path, headers)).join();
	}

	/**
	 * Send a request with a body of JSON.
	 * @param path the path
	 * @param body the body
	 * @param headers names and values of headers
	 * @return the body of the response
	 */
	String post(String path, String body, String... headers) {
		return send(request(path, headers).header("Content-Type", "application/json")
			.header("Accept", "application/json")
			.POST(HttpRequest.BodyPublishers.ofString(body))).join();
	}

	/**
	 * Send requests of two tenants and of none, all at the same time.
	 * @param path the path
	 * @return the different bodies, by tenant
	 */
	Map<String, Set<String>> getOfEachTenant(String path) {
		List<CompletableFuture<String>> responses = new ArrayList<>();
		for (int i = 0; i < REQUESTS; i++) {
			String tenant = TENANTS.get(i % TENANTS.size());
			responses.add(send(tenant.isEmpty() ? request(path) : request(path, "X-Tenant", tenant)));
		}
		Map<String, Set<String>> bodies = Map.of("acme", new LinkedHashSet<>(), "globex", new LinkedHashSet<>(), "",
				new LinkedHashSet<>());
		for (int i = 0; i < REQUESTS; i++) {
			bodies.get(TENANTS.get(i % TENANTS.size())).add(responses.get(i).join());
		}
		return bodies;
	}

	private HttpRequest.Builder request(String path, String... headers) {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(this.address + path)).timeout(TIMEOUT);
		return (headers.length > 0) ? request.headers(headers) : request;
	}

	private CompletableFuture<String> send(HttpRequest.Builder request) {
		return this.http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString()).thenApply(HttpResponse::body);
	}

}

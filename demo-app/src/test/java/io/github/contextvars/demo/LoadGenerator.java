package io.github.contextvars.demo;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import org.jspecify.annotations.Nullable;

/**
 * Load generator that sends concurrent requests of two tenants, and requests without a
 * tenant. Each request adds a note, lists the notes or exports them.
 */
final class LoadGenerator {

	private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

	private final String baseUrl;

	LoadGenerator(int port) {
		this.baseUrl = "http://127.0.0.1:" + port;
	}

	List<Exchange> run(int requests) {
		List<CompletableFuture<Exchange>> exchanges = IntStream.range(0, requests).mapToObj(this::send).toList();
		return exchanges.stream().map(CompletableFuture::join).toList();
	}

	private CompletableFuture<Exchange> send(int number) {
		String tenant = switch (number % 3) {
			case 0 -> "acme";
			case 1 -> "globex";
			default -> null;
		};
		Action action = Action.values()[number / 3 % 3];
		String user = ((tenant != null) ? tenant : "no-tenant") + "-user-" + number;
		return send(tenant, user, action);
	}

	CompletableFuture<Exchange> send(@Nullable String tenant, @Nullable String user, Action action) {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(this.baseUrl + action.path));
		if (tenant != null) {
			request.header("X-Tenant", tenant);
		}
		if (user != null) {
			request.header("X-User", user);
		}
		if (action == Action.ADD) {
			request.header("Content-Type", "application/json")
				.POST(HttpRequest.BodyPublishers.ofString("{\"text\": \"by " + user + "\"}"));
		}
		return this.http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString())
			.thenApply((response) -> new Exchange(tenant, user, action, response.statusCode(), response.body()));
	}

	enum Action {

		ADD("/notes"), LIST("/notes"), EXPORT("/notes/export");

		private final String path;

		Action(String path) {
			this.path = path;
		}

	}

	/**
	 * Request and its response.
	 *
	 * @param tenant the tenant named in the request, if there is one
	 * @param user the user named in the request, if there is one
	 * @param action what the request asks for
	 * @param status the status of the response
	 * @param body the body of the response
	 */
	record Exchange(@Nullable String tenant, @Nullable String user, Action action, int status, String body) {

		boolean is(@Nullable String tenant, Action... actions) {
			return Objects.equals(this.tenant, tenant) && List.of(actions).contains(this.action);
		}

	}

}

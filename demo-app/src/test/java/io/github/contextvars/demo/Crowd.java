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
 * Many clients who all come at once: of one tenant, of the other, and of none. Each adds
 * a note, lists the notes or exports them.
 */
final class Crowd {

	private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

	private final String baseUrl;

	Crowd(int port) {
		this.baseUrl = "http://127.0.0.1:" + port;
	}

	List<Visit> visit(int visitors) {
		List<CompletableFuture<Visit>> visits = IntStream.range(0, visitors).mapToObj(this::visitor).toList();
		return visits.stream().map(CompletableFuture::join).toList();
	}

	private CompletableFuture<Visit> visitor(int number) {
		String tenant = switch (number % 3) {
			case 0 -> "acme";
			case 1 -> "globex";
			default -> null;
		};
		Action action = Action.values()[number / 3 % 3];
		String user = ((tenant != null) ? tenant : "nobody") + "-user-" + number;
		return send(tenant, user, action);
	}

	CompletableFuture<Visit> send(@Nullable String tenant, @Nullable String user, Action action) {
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
			.thenApply((response) -> new Visit(tenant, user, action, response.statusCode(), response.body()));
	}

	enum Action {

		ADD("/notes"), LIST("/notes"), EXPORT("/notes/export");

		private final String path;

		Action(String path) {
			this.path = path;
		}

	}

	/**
	 * What one client did, and what it got.
	 *
	 * @param tenant the client's tenant, if it has one
	 * @param user the client's name
	 * @param action what it asked for
	 * @param status the status of the response
	 * @param body the body of the response
	 */
	record Visit(@Nullable String tenant, @Nullable String user, Action action, int status, String body) {

		boolean is(@Nullable String tenant, Action... actions) {
			return Objects.equals(this.tenant, tenant) && List.of(actions).contains(this.action);
		}

	}

}

package io.github.contextvars.spring.remote;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.json.JsonMapper;

import io.github.contextvars.spring.testing.KafkaBroker;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Requests of three tenants, and of none, over three hops between two JVMs: HTTP, Kafka,
 * HTTP.
 */
@Tag("stress")
class RemoteLoadTests {

	private static final int REQUESTS = Integer.getInteger("tests.remote.requests", 10_000);

	@TempDir
	private Path directory;

	@Test
	void valuesReachEachHopOfTheirOwnRequestOnly() throws Exception {
		try (KafkaBroker broker = KafkaBroker.start()) {
			List<String> properties = new ArrayList<>(List.of(broker.properties()));
			properties.add("tests.topic=" + broker.createTopic(3));
			Path portFile = this.directory.resolve("port");
			Process back = start(portFile, properties);
			try {
				Awaitility.await().atMost(Duration.ofMinutes(2)).until(() -> Files.exists(portFile) || !back.isAlive());
				assertThat(portFile).as(Files.readString(this.directory.resolve("output"))).exists();
				String port = Files.readString(portFile);
				properties
					.addAll(List.of("tests.front=true", "tests.back=" + port, "contextvars.fill.tenant.header=X-User"));
				try (ConfigurableApplicationContext front = RemoteLoadApplication.start(properties)) {
					run(front, Integer.parseInt(port));
				}
			}
			finally {
				back.destroyForcibly().waitFor();
			}
		}
	}

	private static void run(ConfigurableApplicationContext front, int back) throws Exception {
		HttpClient client = HttpClient.newHttpClient();
		ExecutorService users = Executors.newFixedThreadPool(8);
		try {
			List<Future<?>> requests = new ArrayList<>();
			for (int i = 0; i < REQUESTS; i++) {
				int id = i;
				HttpRequest.Builder request = HttpRequest.newBuilder(
						URI.create("http://127.0.0.1:" + RemoteLoadApplication.portOf(front) + "/begin?id=" + id));
				if (!tenantOf(id).equals("-")) {
					request.header("X-User", tenantOf(id));
				}
				requests.add(users.submit(() -> client.send(request.build(), HttpResponse.BodyHandlers.discarding())));
			}
			for (Future<?> request : requests) {
				request.get();
			}
		}
		finally {
			users.shutdownNow();
		}

		Map<String, List<String>> own = front.getBean(RemoteLoadApplication.Hops.class).seen();
		Awaitility.await().atMost(Duration.ofMinutes(3)).until(() -> count(seen(client, back), "end") == REQUESTS);
		Map<String, List<String>> others = seen(client, back);
		assertRight(others, "relay");
		assertRight(own, "listener");
		assertRight(others, "end");
		// Those that have failed once have been there twice.
		assertThat(own.values()).anyMatch((values) -> values.size() > 1);
	}

	private static void assertRight(Map<String, List<String>> seen, String hop) {
		List<String> wrong = IntStream.range(0, REQUESTS)
			.filter((id) -> seen.getOrDefault(hop + " " + id, List.of("never"))
				.stream()
				.anyMatch((tenant) -> !tenant.equals(tenantOf(id))))
			.mapToObj((id) -> hop + " " + id + " " + seen.get(hop + " " + id))
			.toList();
		assertThat(wrong).isEmpty();
	}

	private static String tenantOf(int id) {
		return (id % 4 == 3) ? "-" : "tenant-" + id % 4;
	}

	private static long count(Map<String, List<String>> seen, String hop) {
		return seen.keySet().stream().filter((key) -> key.startsWith(hop + " ")).count();
	}

	@SuppressWarnings("unchecked")
	private static Map<String, List<String>> seen(HttpClient client, int port) throws Exception {
		return JsonMapper.shared()
			.readValue(client
				.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/seen")).build(),
						HttpResponse.BodyHandlers.ofString())
				.body(), Map.class);
	}

	private Process start(Path portFile, List<String> properties) throws Exception {
		List<String> command = new ArrayList<>(List.of(
				Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m", "-cp",
				System.getProperty("java.class.path"), RemoteLoadApplication.class.getName(), portFile.toString()));
		Stream.concat(properties.stream(), Stream.of("tests.front=false", "tests.back=0")).forEach(command::add);
		return new ProcessBuilder(command).redirectErrorStream(true)
			.redirectOutput(this.directory.resolve("output").toFile())
			.start();
	}

}

package io.github.contextvars.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.test.web.servlet.client.RestTestClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the demo in a separate JVM, started with what the build's {@code process-aot}
 * has generated.
 */
class AheadOfTimeTests {

	private static final Pattern PORT = Pattern.compile("Tomcat started on port (\\d+)");

	private static final Queue<String> log = new ConcurrentLinkedQueue<>();

	private static Process application;

	private static RestTestClient client;

	@BeforeAll
	static void start() throws Exception {
		application = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dspring.aot.enabled=true", "-cp",
				System.getProperty("java.class.path"), NotebookApplication.class.getName(), "--server.port=0")
			.redirectErrorStream(true)
			.start();
		CompletableFuture<String> port = new CompletableFuture<>();
		Thread reader = new Thread(() -> read(port), "log of the demo");
		reader.setDaemon(true);
		reader.start();
		client = RestTestClient.bindToServer().baseUrl("http://127.0.0.1:" + port.get(60, TimeUnit.SECONDS)).build();
	}

	private static void read(CompletableFuture<String> port) {
		try (BufferedReader lines = application.inputReader()) {
			for (String line = lines.readLine(); line != null; line = lines.readLine()) {
				log.add(line);
				Matcher matcher = PORT.matcher(line);
				if (matcher.find()) {
					port.complete(matcher.group(1));
				}
			}
		}
		catch (IOException ex) {
			log.add(ex.toString());
		}
		port.completeExceptionally(new IllegalStateException(String.join("\n", log)));
	}

	@AfterAll
	static void stop() throws InterruptedException {
		application.destroy();
		if (!application.waitFor(30, TimeUnit.SECONDS)) {
			application.destroyForcibly();
		}
	}

	private static RestTestClient.ResponseSpec exchange(HttpMethod method, String path, String tenant, String user) {
		return client.method(method).uri(path).header("X-Tenant", tenant).header("X-User", user).exchange();
	}

	private static void add(String text, String tenant, String user) {
		client.post()
			.uri("/notes")
			.header("X-Tenant", tenant)
			.header("X-User", user)
			.contentType(MediaType.APPLICATION_JSON)
			.body("{\"text\": \"" + text + "\"}")
			.exchange()
			.expectStatus()
			.isCreated();
	}

	@Test
	void startUsesGeneratedCode() {
		assertThat(log).anyMatch((line) -> line.contains("Starting AOT-processed NotebookApplication"))
			.noneMatch((line) -> line.contains(" WARN ") || line.contains(" ERROR "));
	}

	@Test
	void tasksAndScopedMethodsSeeTheirTenant() {
		add("Buy milk", "acme", "ada");
		add("Build a laser", "globex", "hank");

		exchange(HttpMethod.GET, "/notes/export", "globex", "grace").expectBody(String.class)
			.value((text) -> assertThat(text)
				.matches("Notes of globex, exported by grace on task-\\d+\n1\\. Build a laser \\(hank\\)\n"));
		exchange(HttpMethod.POST, "/notes/import?from=globex", "acme", "ada").expectBody()
			.json("{\"from\": \"globex\", \"count\": 1}");
		exchange(HttpMethod.GET, "/notes", "acme", "ada").expectBody().json("""
				{"tenant": "acme", "notes": [{"author": "ada", "text": "Buy milk"},
				  {"author": "hank", "text": "Build a laser"}]}""");
		await().untilAsserted(() -> exchange(HttpMethod.GET, "/audit", "acme", "ada").expectBody()
			.jsonPath("$[?(@.tenant == 'acme' && @.actor == 'ada' && @.thread =~ /task-\\d+/"
					+ " && @.action == 'imported 1 notes from globex')]")
			.exists());
	}

	@Test
	void endpointListsVariablesActiveContextsAndPropagation() {
		RestTestClient.BodyContentSpec body = client.get().uri("/actuator/contextvars").exchange().expectBody();

		body.json("""
				{"variables": [{"name": "tenant"}, {"name": "user"}, {"name": "client_addr"}]}""");
		body.jsonPath("$.propagation[?(@.name == 'applicationTaskExecutor' && @.category == 'executor'"
				+ " && @.propagates == true && @.mechanism == 'task decorator')]")
			.exists();
		body.jsonPath("$.contexts[?(@.current == true && @.variables.client_addr == '127.0.0.1')]").exists();
	}

}

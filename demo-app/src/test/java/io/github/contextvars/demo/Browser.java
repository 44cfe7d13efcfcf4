package io.github.contextvars.demo;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.awaitility.Awaitility.await;

/**
 * Headless process of the Chromium that is installed on this machine, with a temporary
 * profile.
 */
final class Browser implements AutoCloseable {

	private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private final Path profile;

	private final Process process;

	private final DevTools page;

	private Browser(Path executable) throws IOException, InterruptedException {
		this.profile = Files.createTempDirectory("notebook-page");
		this.process = new ProcessBuilder(executable.toString(), "--headless", "--no-sandbox", "--disable-gpu",
				"--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
				"--disable-sync", "--remote-debugging-port=0", "--user-data-dir=" + this.profile, "about:blank")
			.redirectOutput(ProcessBuilder.Redirect.DISCARD)
			.redirectError(ProcessBuilder.Redirect.DISCARD)
			.start();
		try {
			this.page = DevTools.connect(firstPage());
		}
		catch (IOException | InterruptedException | RuntimeException ex) {
			end();
			throw ex;
		}
	}

	static Browser start(Path executable) throws IOException, InterruptedException {
		return new Browser(executable);
	}

	/**
	 * Look for a browser on the path.
	 * @return its executable, if one is installed
	 */
	static Optional<Path> find() {
		List<Path> directories = Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
			.filter((directory) -> !directory.isEmpty())
			.map(Path::of)
			.toList();
		return NAMES.stream()
			.flatMap((name) -> directories.stream().map((directory) -> directory.resolve(name)))
			.filter(Files::isExecutable)
			.findFirst();
	}

	DevTools page() {
		return this.page;
	}

	private URI firstPage() throws IOException, InterruptedException {
		Path portFile = this.profile.resolve("DevToolsActivePort");
		List<String> lines = await().atMost(TIMEOUT)
			.until(() -> Files.exists(portFile) ? Files.readAllLines(portFile) : List.of(),
					(read) -> read.size() >= 2 || !this.process.isAlive());
		if (lines.isEmpty()) {
			throw new IOException("The browser ended with status " + this.process.exitValue());
		}
		URI list = URI.create("http://127.0.0.1:" + lines.get(0) + "/json/list");
		HttpResponse<String> targets = HttpClient.newHttpClient()
			.send(HttpRequest.newBuilder(list).build(), HttpResponse.BodyHandlers.ofString());
		for (JsonNode target : new JsonMapper().readTree(targets.body())) {
			if ("page".equals(target.path("type").asString())) {
				return URI.create(target.path("webSocketDebuggerUrl").asString());
			}
		}
		throw new IOException("The browser has no page: " + targets.body());
	}

	@Override
	public void close() {
		this.page.send("Browser.close");
		this.page.close();
		end();
	}

	private void end() {
		List<ProcessHandle> processes = Stream.concat(this.process.descendants(), Stream.of(this.process.toHandle()))
			.toList();
		try {
			this.process.waitFor(10, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		processes.forEach(ProcessHandle::destroyForcibly);
		await().atMost(TIMEOUT).until(() -> processes.stream().noneMatch(ProcessHandle::isAlive));
		try {
			FileSystemUtils.deleteRecursively(this.profile);
		}
		catch (IOException ex) {
			// The rest stays in the directory for temporary files.
		}
	}

}

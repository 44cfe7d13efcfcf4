package io.github.contextvars.benchmarks.web;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * {@link MinimalApplication} that runs in another process.
 */
final class Server implements AutoCloseable {

	private static final List<String> STARTER = List.of("contextvars-", "context-propagation-");

	// What other benchmarks need is not on the class path of a minimal application.
	private static final List<String> BENCHMARKS = List.of("jmh-", "jopt-simple-", "commons-math3-", "opentelemetry-",
			"grpc-", "transmittable-", "guava-", "failureaccess-", "listenablefuture-", "j2objc-", "jsr305-",
			"error_prone_", "jcstress-", "jna-", "reactor-", "reactive-streams-", "spring-security-");

	private final Process process;

	private final int port;

	private final long uptime;

	private Server(Process process, int port, long uptime) {
		this.process = process;
		this.port = port;
		this.uptime = uptime;
	}

	static Server start(boolean starter) throws IOException {
		Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", "-cp", classPath(starter),
				MinimalApplication.class.getName(), "--server.port=0", "--server.tomcat.max-keep-alive-requests=-1",
				"--spring.main.banner-mode=off", "--logging.level.root=warn")
			.redirectError(ProcessBuilder.Redirect.INHERIT)
			.start();
		BufferedReader output = new BufferedReader(
				new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
		for (String line = output.readLine(); line != null; line = output.readLine()) {
			if (line.startsWith("ready ")) {
				String[] words = line.split(" ", -1);
				if (Boolean.parseBoolean(words[3]) != starter) {
					throw new IllegalStateException(
							"The class path without the starter has it, or the other way round");
				}
				return new Server(process, Integer.parseInt(words[1]), Long.parseLong(words[2]));
			}
		}
		throw new IllegalStateException("The application did not start");
	}

	int port() {
		return this.port;
	}

	/**
	 * Return how long starting took.
	 * @return milliseconds from the start of the JVM until the application was ready
	 */
	long uptime() {
		return this.uptime;
	}

	@Override
	public void close() throws IOException {
		this.process.getOutputStream().close();
		try {
			if (!this.process.waitFor(20, TimeUnit.SECONDS)) {
				this.process.destroyForcibly();
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static String classPath(boolean starter) {
		return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
			.filter((entry) -> isNone(entry, BENCHMARKS) && (starter || isNone(entry, STARTER)))
			.collect(Collectors.joining(File.pathSeparator));
	}

	private static boolean isNone(String entry, List<String> jars) {
		String name = Path.of(entry).getFileName().toString();
		return jars.stream().noneMatch(name::startsWith);
	}

}

package io.github.contextvars;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Another JVM of the same version, for what is decided when a JVM starts.
 */
final class TestJvm {

	private TestJvm() {
	}

	/**
	 * Run a main class to its end.
	 * @return what it wrote, both streams
	 */
	static String run(Class<?> main, String[] options, String... arguments) throws Exception {
		String classPath = placeOf(Context.class) + File.pathSeparator + placeOf(main);
		Process process = start(main, classPath, options, arguments);
		String output = outputOf(process);
		if (process.exitValue() != 0) {
			throw new AssertionError(main + " failed:\n" + output);
		}
		return output;
	}

	/**
	 * Run a main class to its end, however it ends, with all that this JVM has on its
	 * class path and something else before it.
	 * @return what it wrote, both streams
	 */
	static String runBehind(Path first, Class<?> main, String[] options, String... arguments) throws Exception {
		String classPath = first + File.pathSeparator + System.getProperty("java.class.path");
		return outputOf(start(main, classPath, options, arguments));
	}

	private static Process start(Class<?> main, String classPath, String[] options, String... arguments)
			throws IOException {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(List.of(options));
		command.addAll(List.of("-cp", classPath, main.getName()));
		command.addAll(List.of(arguments));
		return new ProcessBuilder(command).redirectErrorStream(true).start();
	}

	private static String outputOf(Process process) throws Exception {
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		if (!process.waitFor(2, TimeUnit.MINUTES)) {
			throw new AssertionError("another JVM does not end:\n" + output);
		}
		return output;
	}

	private static Path placeOf(Class<?> type) throws URISyntaxException {
		return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
	}

}

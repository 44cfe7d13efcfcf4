package io.github.contextvars.testsupport;

import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Another JVM of the same version, for what is decided when a JVM starts.
 */
public final class TestJvm {

	private TestJvm() {
	}

	/**
	 * Run a main class to its end, with the library and itself on the class path.
	 * @return what it wrote, both streams
	 */
	public static String run(Class<?> library, Class<?> main, String[] options, String... arguments) throws Exception {
		String classPath = placeOf(library) + File.pathSeparator + placeOf(main);
		return run(true, main, classPath, options, arguments);
	}

	/**
	 * Run a main class to its end, however it ends, with all that this JVM has on its
	 * class path and something else before it.
	 * @return what it wrote, both streams
	 */
	public static String runBehind(Path first, Class<?> main, String[] options, String... arguments) throws Exception {
		String classPath = first + File.pathSeparator + System.getProperty("java.class.path");
		return run(false, main, classPath, options, arguments);
	}

	private static String run(boolean mustSucceed, Class<?> main, String classPath, String[] options,
			String... arguments) throws Exception {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(List.of(options));
		command.addAll(List.of("-cp", classPath, main.getName()));
		command.addAll(List.of(arguments));
		// A file, as reading a pipe to its end would wait for a JVM that does not end.
		Path output = Files.createTempFile("test-jvm", ".log");
		try {
			Process process = new ProcessBuilder(command).redirectErrorStream(true)
				.redirectOutput(output.toFile())
				.start();
			boolean ended = process.waitFor(5, TimeUnit.MINUTES);
			process.destroyForcibly().waitFor();
			String written = Files.readString(output);
			if (!ended || (mustSucceed && process.exitValue() != 0)) {
				throw new AssertionError(main + (ended ? " failed:\n" : " does not end:\n") + written);
			}
			return written;
		}
		finally {
			Files.delete(output);
		}
	}

	private static Path placeOf(Class<?> type) throws URISyntaxException {
		return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
	}

}

package io.github.contextvars.testsupport;

import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runner of a main class in another JVM of the same version.
 */
public final class TestJvm {

	private TestJvm() {
	}

	/**
	 * Run a main class to its end, with only its own class path entry and the library's.
	 * @param library a class of the library
	 * @param main the main class
	 * @param options the options of the JVM
	 * @param arguments the arguments of the main class
	 * @return the output of both streams
	 * @throws Exception if the JVM does not start
	 * @throws AssertionError if the JVM fails or does not end
	 */
	public static String run(Class<?> library, Class<?> main, String[] options, String... arguments) throws Exception {
		String classPath = placeOf(library) + File.pathSeparator + placeOf(main);
		return run(true, main, classPath, options, arguments);
	}

	/**
	 * Run a main class to its end, with this JVM's class path behind another entry.
	 * @param first the entry to put first on the class path
	 * @param main the main class
	 * @param options the options of the JVM
	 * @param arguments the arguments of the main class
	 * @return the output of both streams, also if the JVM failed
	 * @throws Exception if the JVM does not start
	 * @throws AssertionError if the JVM does not end
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
		// A file, because reading a pipe would wait for a JVM that does not end.
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

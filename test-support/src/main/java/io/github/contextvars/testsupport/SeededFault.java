package io.github.contextvars.testsupport;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Build of the library with one fault: a line of its source that was changed for the
 * worse. A test that is meant to detect such faults runs in this build and must fail, and
 * in the build without a fault, {@link #NONE}, and must pass.
 */
public final class SeededFault {

	/**
	 * The library without a fault, also in a separate class loader.
	 */
	public static final SeededFault NONE = new SeededFault("none", new ModifiedClassLoader());

	private static final Launcher LAUNCHER = LauncherFactory
		.create(LauncherConfig.builder().enableTestExecutionListenerAutoRegistration(false).build());

	private final String description;

	private final ModifiedClassLoader classes;

	private SeededFault(String description, ModifiedClassLoader classes) {
		this.description = description;
		this.classes = classes;
	}

	/**
	 * Seed a fault in the source of a class.
	 * @param type the class of the library whose source file is changed
	 * @param text the text to replace, which must occur exactly once in the file
	 * @param replacement the text to replace it with
	 * @return the library with the fault
	 * @throws IllegalStateException if the text does not occur exactly once, or if the
	 * changed file does not compile
	 */
	public static SeededFault in(Class<?> type, String text, String replacement) {
		ModifiedClassLoader classes = new ModifiedClassLoader();
		classes.change(type, text, replacement);
		return new SeededFault(type.getSimpleName() + ": " + text.strip() + " -> " + replacement.strip(), classes);
	}

	/**
	 * As {@link #in(Class, String, String)}, for a class that is not visible to the test.
	 * @param type the name of a class of the library
	 * @param text what to replace
	 * @param replacement what to put there
	 * @return the fault
	 */
	public static SeededFault in(String type, String text, String replacement) {
		try {
			return in(Class.forName(type, false, SeededFault.class.getClassLoader()), text, replacement);
		}
		catch (ClassNotFoundException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Run a test in the build with this fault, with JUnit.
	 * @param test the test class
	 * @param method the name of the test method
	 * @return the failures of the test, which are empty if it does not detect the fault
	 * @throws IllegalStateException if there is no such test, if it was skipped, or if it
	 * failed because a class is missing
	 */
	public List<Throwable> detectedBy(Class<?> test, String method) {
		Class<?> loaded = this.classes.load(test);
		return Stream.of(loaded.getDeclaredMethods())
			.filter((candidate) -> candidate.getName().equals(method) && !candidate.isSynthetic())
			.findFirst()
			.map((found) -> run(DiscoverySelectors.selectMethod(loaded, found)))
			.orElseThrow(() -> new IllegalStateException("no such test: " + test.getName() + "." + method));
	}

	/**
	 * Run all tests of a class like {@link #detectedBy(Class, String)}.
	 * @param test the test class
	 * @return the failures of the tests, which are empty if none detects the fault
	 */
	public List<Throwable> detectedBy(Class<?> test) {
		return run(DiscoverySelectors.selectClass(this.classes.load(test)));
	}

	/**
	 * Run a main class in another JVM with this fault, for tests that do not work in a
	 * separate class loader.
	 * @param main the main class
	 * @param directory the directory for the changed class files
	 * @param arguments the arguments of the main class
	 * @return the output of both streams, also if the JVM failed
	 * @throws Exception if the JVM did not start or did not end
	 */
	public String outputOf(Class<?> main, Path directory, String... arguments) throws Exception {
		writeTo(directory);
		return TestJvm.runBehind(directory, main, new String[0], arguments);
	}

	/**
	 * Write the changed class files, which go first on the class path of another JVM.
	 * @param directory the directory to write to
	 * @throws IOException if writing fails
	 */
	public void writeTo(Path directory) throws IOException {
		this.classes.writeTo(directory);
	}

	private List<Throwable> run(DiscoverySelector selector) {
		LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request().selectors(selector).build();
		Results results = new Results();
		Thread thread = Thread.currentThread();
		ClassLoader before = thread.getContextClassLoader();
		thread.setContextClassLoader(this.classes);
		try {
			LAUNCHER.execute(request, results);
		}
		finally {
			thread.setContextClassLoader(before);
		}
		return results.failures(selector);
	}

	@Override
	public String toString() {
		return this.description;
	}

	private static final class Results implements TestExecutionListener {

		private final List<Throwable> failures = new ArrayList<>();

		private int tests;

		@Override
		public void executionFinished(TestIdentifier identifier, TestExecutionResult result) {
			if (identifier.isTest()) {
				this.tests++;
			}
			result.getThrowable().ifPresent(this.failures::add);
		}

		List<Throwable> failures(Object selector) {
			if (this.tests == 0) {
				throw unable("no test ran", selector);
			}
			if (this.failures.stream().anyMatch(LinkageError.class::isInstance)) {
				throw unable("a class is missing", selector);
			}
			return this.failures;
		}

		private IllegalStateException unable(String why, Object selector) {
			IllegalStateException unable = new IllegalStateException(why + ": " + selector);
			this.failures.forEach(unable::addSuppressed);
			return unable;
		}

	}

}

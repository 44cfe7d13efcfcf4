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
 * The canary of a detector: a build of the library with one line changed for the worse,
 * in which a test is run that must notice. {@link #NONE} is the build as it is, in which
 * the same test must pass.
 */
public final class SeededFault {

	/**
	 * No bug: the library as it is, in a class loader of its own all the same.
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
	 * Plant a bug in the source of a class.
	 * @param type a class of the library; its file is changed
	 * @param text what to replace, which must occur exactly once in the file
	 * @param replacement what to put there
	 * @return the bug
	 * @throws IllegalStateException if the text does not occur exactly once, or if the
	 * changed file does not compile
	 */
	public static SeededFault in(Class<?> type, String text, String replacement) {
		ModifiedClassLoader classes = new ModifiedClassLoader();
		classes.change(type, text, replacement);
		return new SeededFault(type.getSimpleName() + ": " + text.strip() + " -> " + replacement.strip(), classes);
	}

	/**
	 * Run a test in the build that has this bug, as JUnit runs it.
	 * @param test the test class
	 * @param method the name of the test method
	 * @return what the test complained of; empty if it passed
	 * @throws IllegalStateException if there is no such test, or if it was skipped or
	 * failed for want of a class
	 */
	public List<Throwable> shownBy(Class<?> test, String method) {
		Class<?> loaded = this.classes.load(test);
		return Stream.of(loaded.getDeclaredMethods())
			.filter((candidate) -> candidate.getName().equals(method) && !candidate.isSynthetic())
			.findFirst()
			.map((found) -> run(DiscoverySelectors.selectMethod(loaded, found)))
			.orElseThrow(() -> new IllegalStateException("no such test: " + test.getName() + "." + method));
	}

	/**
	 * As {@link #shownBy(Class, String)}, with all the tests of a class.
	 * @param test the test class
	 * @return what the tests complained of; empty if all passed
	 */
	public List<Throwable> shownBy(Class<?> test) {
		return run(DiscoverySelectors.selectClass(this.classes.load(test)));
	}

	/**
	 * Run a main class in another JVM, of the build that has this bug, for detectors that
	 * do not work in a class loader of their own.
	 * @param main the main class
	 * @param directory where to write the changed class files
	 * @param arguments its arguments
	 * @return what it wrote, however it ended
	 * @throws Exception if the JVM did not start or did not end
	 */
	public String outputOf(Class<?> main, Path directory, String... arguments) throws Exception {
		writeTo(directory);
		return TestJvm.runBehind(directory, main, new String[0], arguments);
	}

	/**
	 * Write the changed class files, to be put first on another JVM's class path.
	 * @param directory where to write
	 * @throws IOException if that fails
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
		return results.complaints(selector);
	}

	@Override
	public String toString() {
		return this.description;
	}

	private static final class Results implements TestExecutionListener {

		private final List<Throwable> complaints = new ArrayList<>();

		private int tests;

		@Override
		public void executionFinished(TestIdentifier identifier, TestExecutionResult result) {
			if (identifier.isTest()) {
				this.tests++;
			}
			result.getThrowable().ifPresent(this.complaints::add);
		}

		List<Throwable> complaints(Object selector) {
			if (this.tests == 0) {
				throw unable("no test ran", selector);
			}
			if (this.complaints.stream().anyMatch(LinkageError.class::isInstance)) {
				throw unable("a class is missing", selector);
			}
			return this.complaints;
		}

		private IllegalStateException unable(String why, Object selector) {
			IllegalStateException unable = new IllegalStateException(why + ": " + selector);
			this.complaints.forEach(unable::addSuppressed);
			return unable;
		}

	}

}

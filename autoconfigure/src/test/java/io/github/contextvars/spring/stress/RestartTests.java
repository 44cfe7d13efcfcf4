package io.github.contextvars.spring.stress;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What an application leaves behind in its container when it is stopped.
 */
class RestartTests {

	@TempDir
	private Path directory;

	@Test
	void startLeavesNoClassLoaderAndNoThread() throws Exception {
		assertThat(run(1, "/work")).contains("0 class loaders left, 0 warnings");
	}

	@Test
	@Tag("stress")
	void fiftyStartsLeaveNoClassLoaderAndNoThread() throws Exception {
		assertThat(run(50, "/work")).contains("0 class loaders left, 0 warnings");
	}

	@Test
	@Tag("stress")
	void libraryThatLeavesSomethingBehindIsDetected() throws Exception {
		SeededFault.in("io.github.contextvars.spring.logging.LogbackMdcInstaller", "adapter.uninstall(this);", "")
			.writeTo(changed());

		assertThat(run(1, "/work")).contains("1 class loaders left, 0 warnings");
	}

	@Test
	@Tag("stress")
	void applicationThatLeavesSomethingBehindIsDetected() throws Exception {
		assertThat(run(1, "/leak")).contains("1 class loaders left")
			.contains("a value of type [io.github.contextvars.spring.stress.RestartApplication.Value]")
			.contains("appears to have started a thread");
	}

	// In a JVM of its own, in which whatever is softly referenced goes with the first
	// collection.
	private String run(int starts, String path) throws Exception {
		Path output = this.directory.resolve("output");
		Path changed = Files.createDirectories(changed());
		Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-Xmx256m", "-XX:SoftRefLRUPolicyMSPerMB=0", "-XX:TieredStopAtLevel=1",
				"-Dspring.backgroundpreinitializer.ignore=true", "-Dlogging.level.root=warn",
				"-Dlogging.register-shutdown-hook=false", "--add-opens", "java.base/java.lang=ALL-UNNAMED",
				"--add-opens", "java.rmi/sun.rmi.transport=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
				RestartMain.class.getName(), Integer.toString(starts), path, changed.toString())
			.redirectErrorStream(true)
			.redirectOutput(output.toFile())
			.start();
		boolean ended = process.waitFor(5, TimeUnit.MINUTES);
		process.destroyForcibly().waitFor();
		assertThat(ended).as(Files.readString(output)).isTrue();
		return Files.readString(output);
	}

	// Of the library's classes, the application takes those that are here.
	private Path changed() {
		return this.directory.resolve("changed");
	}

}

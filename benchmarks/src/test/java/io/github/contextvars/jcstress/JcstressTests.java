package io.github.contextvars.jcstress;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jcstress.Main;

import io.github.contextvars.JcstressFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Runs the jcstress tests, each configuration in JVMs that jcstress starts. Its exit code
 * tells whether an outcome was forbidden.
 */
@Tag("stress")
class JcstressTests {

	private static final String C1 = "-XX:TieredStopAtLevel=1";

	private static final String C2_UNDER_STRESS = "-XX:-TieredCompilation -XX:+UnlockDiagnosticVMOptions"
			+ " -XX:+StressLCM -XX:+StressGCM -XX:+StressIGVN";

	@TempDir
	private Path directory;

	@ParameterizedTest
	@ValueSource(strings = { C1, C2_UNDER_STRESS })
	void racesHaveNoForbiddenOutcome(String options) throws Exception {
		Run run = jcstress(options, ".*", List.of());

		assertThat(run.exitCode).as(run.output).isZero();
		assertThat(run.output)
			.containsPattern("Results: (\\d+) planned; \\1 passed, 0 failed, 0 soft errs, 0 hard errs");
	}

	@ParameterizedTest
	@EnumSource
	void seededFaultHasAForbiddenOutcome(JcstressFault fault) throws Exception {
		Path changed = this.directory.resolve("changed");
		fault.seed().writeTo(changed);

		Run run = jcstress(C2_UNDER_STRESS, fault.detector(), List.of(changed.toString()));

		assertThat(run.exitCode).as(run.output).isNotZero();
		assertThat(run.output).contains("TEST FAILURES");
	}

	private Run jcstress(String options, String tests, List<String> first) throws IOException, InterruptedException {
		List<String> classPath = new ArrayList<>(first);
		classPath.add(System.getProperty("java.class.path"));
		Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
				String.join(File.pathSeparator, classPath), Main.class.getName(), "-m", "quick", "-sc", "false", "-t",
				tests, "-jvmArgs", options, "-r", this.directory.resolve("results").toString())
			.directory(this.directory.toFile())
			.redirectErrorStream(true)
			.start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
		return new Run(process.exitValue(), output);
	}

	private record Run(int exitCode, String output) {
	}

}

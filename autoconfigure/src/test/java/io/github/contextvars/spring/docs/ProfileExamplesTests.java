package io.github.contextvars.spring.docs;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsJfrAutoConfiguration;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The program of {@code docs/how-to/profile-by-tenant.md}, on a recording.
 */
@ExtendWith(OutputCaptureExtension.class)
class ProfileExamplesTests {

	private static final String LINE = "(?m)^((?:-|[a-z]+) \\d+ MB)$";

	private static byte[] allocated;

	@Test
	void programPrintsWhatWasAllocatedForEachTenant(@TempDir Path directory, CapturedOutput output) {
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsJfrAutoConfiguration.class))
			.withUserConfiguration(Variables.class)
			.run((context) -> {
				BytesByTenant.main(new String[] { record(context.getBean(WorkRegistry.class), directory).toString() });

				List<String> lines = output.getOut().lines().filter((line) -> line.matches(LINE)).toList();
				assertThat(lines).anyMatch((line) -> line.startsWith("acme "))
					.anyMatch((line) -> line.startsWith("globex "));
				assertThat(megabytes(lines, "globex")).isGreaterThan(megabytes(lines, "acme"));
				assertThat(DocumentationPage.read("docs/how-to/profile-by-tenant.md").find(LINE)).hasSize(3);
			});
	}

	private static Path record(WorkRegistry registry, Path directory) throws IOException {
		Path file = directory.resolve("notebook.jfr");
		try (Recording recording = new Recording()) {
			recording.enable("io.github.contextvars.Work");
			recording.enable("jdk.ObjectAllocationSample").with("throttle", "off");
			recording.start();
			// The first sample of a thread counts all that the thread has allocated.
			allocate(10);
			allocate(registry, "acme", 20);
			allocate(registry, "globex", 200);
			recording.stop();
			recording.dump(file);
		}
		return file;
	}

	private static void allocate(WorkRegistry registry, String tenant, int megabytes) {
		registry.run(registry.create(UnitOfWork.Kind.TASK, () -> "Test.allocate"), () -> {
			Variables.TENANT.set(tenant);
			allocate(megabytes);
		});
	}

	private static void allocate(int megabytes) {
		for (int i = 0; i < megabytes; i++) {
			allocated = new byte[1_000_000];
		}
	}

	private static int megabytes(List<String> lines, String tenant) {
		return lines.stream()
			.filter((line) -> line.startsWith(tenant + " "))
			.mapToInt((line) -> Integer.parseInt(line.split(" ")[1]))
			.sum();
	}

	@Configuration(proxyBeanMethods = false)
	static class Variables {

		@ContextVariable(observed = true)
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

	}

}

package io.github.contextvars.compatibility;

import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(OutputCaptureExtension.class)
class StartupReportTests {

	@Test
	void reportNamesVariablesAndWhatPropagates(CapturedOutput output) {
		try (ConfigurableApplicationContext application = new SpringApplication(Application.class).run(
				"--server.port=0", "--spring.main.web-application-type=servlet",
				"--spring.artemis.embedded.enabled=false")) {
			assertThat(output.getOut().lines().filter((line) -> line.contains("Context variables: "))).singleElement()
				.asString()
				.contains("Context variables: tenant; propagated to: ", "@ContextScoped methods", "requests",
						"@Async methods", "@Scheduled methods");
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@EnableScheduling
	@Import(Tasks.class)
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

	}

	static class Tasks {

		@Async
		CompletableFuture<String> async() {
			return CompletableFuture.completedFuture(Application.TENANT.get());
		}

		@Scheduled(initialDelay = Long.MAX_VALUE / 2_000_000)
		void later() {
		}

	}

}

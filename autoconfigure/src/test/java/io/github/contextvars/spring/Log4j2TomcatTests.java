package io.github.contextvars.spring;

import java.util.List;
import java.util.concurrent.CompletableFuture;

import com.jayway.jsonpath.JsonPath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.logging.LoggingSystemProperty;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.Hostile;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a running application shows of logged variables where Log4j2 takes Logback's
 * place.
 */
@ExtendWith(OutputCaptureExtension.class)
@EnabledIfSystemProperty(named = "contextvars.tests.log4j2", matches = "true",
		disabledReason = "needs the class path of the build's 'log4j2' execution")
class Log4j2TomcatTests {

	@AfterEach
	void clear() {
		// Boot leaves them there for the applications to come.
		System.clearProperty(LoggingSystemProperty.CONSOLE_STRUCTURED_FORMAT.getEnvironmentVariableName());
		System.clearProperty(LoggingSystemProperty.CORRELATION_PATTERN.getEnvironmentVariableName());
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void patternShowsValuesOfRequestAndItsTask(Threading threading, CapturedOutput output) {
		try (WebApp app = WebApp.start(Application.class, threading.property(),
				"logging.pattern.correlation=<%X{tenant}|%X{own}|%X{ticket}> ")) {
			assertThat(LoggingSystem.get(getClass().getClassLoader()).getClass().getSimpleName())
				.isEqualTo("Log4J2LoggingSystem");

			List.of("acme", "globex", "acme", "initech").forEach((tenant) -> app.get("/shown", "X-Tenant", tenant));

			assertThat(lines(output, "request of ")).hasSize(4)
				.allSatisfy((line) -> assertThat(line).contains("<" + after(line, "request of ") + "|entry|> "));
			assertThat(lines(output, "task of ")).hasSize(4)
				.allSatisfy((line) -> assertThat(line).contains("<" + after(line, "task of ") + "||> "));
			app.assertClean();
		}
		assertThat(output).doesNotContain("secret");
	}

	@ParameterizedTest
	@ValueSource(strings = { "ecs", "logstash" })
	void structuredFormatsShowValues(String format, CapturedOutput output) {
		try (WebApp app = WebApp.start(Application.class, "logging.structured.format.console=" + format)) {
			app.get("/shown", "X-Tenant", "acme");
		}

		assertThat(lines(output, " of acme")).hasSize(2).allSatisfy((line) -> {
			assertThat((String) JsonPath.read(line, "$.tenant")).isEqualTo("acme");
			assertThat((String) JsonPath.read(line, "$.strange")).isEqualTo(Hostile.class.getName());
		});
		assertThat(lines(output, "request of ")).singleElement()
			.satisfies((line) -> assertThat((String) JsonPath.read(line, "$.own")).isEqualTo("entry"));
		assertThat(output).doesNotContain("secret");
	}

	@Test
	void switchedOffApplicationShowsNothing(CapturedOutput output) {
		try (WebApp app = WebApp.start(Application.class, "contextvars.logging.enabled=false",
				"logging.pattern.correlation=<%X{tenant}|%X{own}> ")) {
			app.get("/shown", "X-Tenant", "acme");
		}

		assertThat(lines(output, "request of acme")).singleElement()
			.satisfies((line) -> assertThat(line).contains("<|entry> "));
	}

	private static List<String> lines(CapturedOutput output, String part) {
		return output.getOut().lines().filter((line) -> line.contains(part)).toList();
	}

	private static String after(String line, String part) {
		return line.substring(line.indexOf(part) + part.length());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import({ Controller.class, Tasks.class })
	static class Application {

		static final Logger logger = LoggerFactory.getLogger("shown");

		@ContextVariable(logged = true)
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "public");

		@ContextVariable(logged = true)
		static final ContextVar<Object> STRANGE = ContextVar.of("strange");

		@ContextVariable(sensitive = true)
		static final ContextVar<String> TICKET = ContextVar.of("ticket");

	}

	@RestController
	static class Controller {

		private final Tasks tasks;

		Controller(Tasks tasks) {
			this.tasks = tasks;
		}

		@GetMapping("/shown")
		CompletableFuture<String> shown(@RequestHeader("X-Tenant") String tenant) {
			Application.TENANT.set(tenant);
			Application.TICKET.set("secret");
			Application.STRANGE.set(new Hostile());
			try (MDC.MDCCloseable own = MDC.putCloseable("own", "entry")) {
				Application.logger.info("request of {}", tenant);
			}
			return this.tasks.tenant(tenant);
		}

	}

	static class Tasks {

		@Async
		CompletableFuture<String> tenant(String tenant) {
			Application.logger.info("task of {}", tenant);
			return CompletableFuture.completedFuture(tenant);
		}

	}

}

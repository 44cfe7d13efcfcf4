package io.github.contextvars.spring;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.micrometer.common.KeyValue;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.logging.LoggingSystemProperty;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a running application shows of variables in its logs, observations and meters.
 */
class ShownVariablesTomcatTests {

	private static final Logger logger = LoggerFactory.getLogger("shown");

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void logsAndObservationsOfRequestAndItsTaskHaveTheRequestsValue(Threading threading) {
		try (WebApp app = WebApp.start(Application.class, threading.property(),
				"management.endpoints.web.exposure.include=contextvars")) {
			Appender appender = new Appender();
			appender.start();
			((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger("shown").addAppender(appender);

			List<String> tenants = List.of("acme", "globex", "acme", "initech");
			tenants.forEach((tenant) -> assertThat(app.get("/shown", "X-Tenant", tenant).body()).isEqualTo(tenant));

			List<String> logged = List.copyOf(appender.lines);
			assertThat(logged).hasSize(8).allSatisfy((line) -> {
				String[] pair = line.split(" ");
				assertThat(pair[1]).isEqualTo("{tenant=" + pair[0] + "}");
			});
			Recorder recorder = app.bean(Recorder.class);
			Awaitility.await().untilAsserted(() -> assertThat(recorder.requests).hasSize(4));
			assertThat(recorder.requests).extracting((values) -> values.get("tenant"))
				.containsExactlyInAnyOrderElementsOf(tenants);
			assertThat(recorder.requests.toString()).doesNotContain("secret");
			app.assertClean();
			assertMeters(app.bean(MeterRegistry.class));
		}
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void structuredConsoleShowsValues(CapturedOutput output) {
		try (WebApp app = WebApp.start(Application.class, "logging.structured.format.console=ecs")) {
			app.get("/shown", "X-Tenant", "acme");
		}
		finally {
			// Boot leaves it there for the applications to come.
			System.clearProperty(LoggingSystemProperty.CONSOLE_STRUCTURED_FORMAT.getEnvironmentVariableName());
		}
		assertThat(output.getOut().lines().filter((line) -> line.contains("\"shown\""))).hasSize(2)
			.allSatisfy((line) -> assertThat(line).startsWith("{").contains("\"tenant\":\"acme\""));
		assertThat(output).doesNotContain("secret", "mdcAdapter");
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void meterCountsScopeThatRequestForgot(CapturedOutput output) {
		try (WebApp app = WebApp.start(Application.class)) {
			FunctionCounter forgotten = app.bean(MeterRegistry.class)
				.get("contextvars.scopes.leaked")
				.functionCounter();
			double before = forgotten.count();

			assertThat(app.get("/shown", "X-Tenant", "acme").statusCode()).isEqualTo(200);
			assertThat(forgotten.count()).isEqualTo(before);
			assertThat(app.get("/forgetful").body()).isEqualTo("forgotten");

			Awaitility.await().untilAsserted(() -> {
				assertThat(forgotten.count()).isEqualTo(before + 1);
				assertThat(output).containsOnlyOnce("was still entered by thread");
			});
			app.assertClean();
		}
	}

	private static void assertMeters(MeterRegistry registry) {
		assertThat(registry.get("contextvars.contexts.entered").tag("kind", "request").functionCounter().count())
			.isEqualTo(4);
		assertThat(registry.get("contextvars.contexts.entered").tag("kind", "task").functionCounter().count())
			.isGreaterThanOrEqualTo(4);
		Awaitility.await()
			.untilAsserted(() -> assertThat(registry.get("contextvars.contexts.active").gauge().value()).isZero());
		assertThat(registry.getMeters()).extracting(Meter::getId)
			.allSatisfy((id) -> assertThat(id.getTag("tenant")).isNull());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import({ Controller.class, Tasks.class })
	static class Application {

		@ContextVariable(logged = true, observed = true)
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "public");

		@ContextVariable(sensitive = true)
		static final ContextVar<String> TICKET = ContextVar.of("ticket");

		@Bean
		Recorder recorder() {
			return new Recorder();
		}

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
			logger.info(tenant);
			return this.tasks.tenant(tenant);
		}

		@GetMapping("/forgetful")
		String forgetful() {
			Context.copyOfCurrent().enter();
			return "forgotten";
		}

	}

	static class Tasks {

		@Async
		CompletableFuture<String> tenant(String tenant) {
			logger.info(tenant);
			return CompletableFuture.completedFuture(tenant);
		}

	}

	private static final class Appender extends AppenderBase<ILoggingEvent> {

		private final List<String> lines = new CopyOnWriteArrayList<>();

		@Override
		protected void append(ILoggingEvent event) {
			this.lines.add(event.getMessage() + " " + event.getMDCPropertyMap());
		}

	}

	static final class Recorder implements ObservationHandler<Observation.Context> {

		private final List<Map<String, String>> requests = new CopyOnWriteArrayList<>();

		@Override
		public void onStop(Observation.Context context) {
			if ("http.server.requests".equals(context.getName())) {
				this.requests.add(context.getHighCardinalityKeyValues()
					.stream()
					.collect(Collectors.toMap(KeyValue::getKey, KeyValue::getValue)));
			}
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return true;
		}

	}

}

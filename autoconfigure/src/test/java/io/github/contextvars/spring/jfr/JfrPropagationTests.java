package io.github.contextvars.spring.jfr;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;

import jdk.jfr.consumer.RecordedEvent;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jms.annotation.JmsListener;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Events of the requests, tasks, scheduled runs and messages of an application.
 */
class JfrPropagationTests {

	private static final String FIELD = "jfr_web_tenant";

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void eachUnitOfWorkIsAnEventWithItsTenant(Threading threading) throws Exception {
		try (FlightRecording recording = FlightRecording.start();
				WebApp app = WebApp.start(Application.class, threading.property(), "tests.frameworks=artemis,jms",
						"spring.artemis.embedded.queues=jfr", "logging.level.org.apache=off")) {
			List<String> tenants = List.of("acme", "globex", "acme", "initech");
			for (String tenant : tenants) {
				assertThat(app.get("/work", "X-Tenant", tenant).body()).isEqualTo(tenant);
			}
			Awaitility.await().untilAsserted(() -> assertThat(app.bean(Done.class).latch.getCount()).isZero());
			app.assertClean();

			Path file = recording.stop();
			List<RecordedEvent> work = Probe.assertMatch(file, FIELD);
			assertThat(Probe.read(file)).extracting((probe) -> probe.getString("kind"))
				.contains("scheduled")
				.filteredOn((kind) -> !kind.equals("scheduled"))
				.containsExactlyInAnyOrder("request", "request", "request", "request", "task", "task", "task", "task",
						"message", "message", "message", "message");
			assertThat(work).filteredOn((event) -> "acme".equals(event.getString(FIELD)))
				.extracting((event) -> event.getString("origin"))
				.contains("GET /work", "Work.task", "JMS jfr");
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@EnableScheduling
	@Import({ Controller.class, Work.class })
	static class Application {

		@ContextVariable(observed = true)
		static final ContextVar<String> TENANT = ContextVar.of(FIELD);

		@Bean
		Done done() {
			return new Done(new CountDownLatch(9));
		}

	}

	record Done(CountDownLatch latch) {

	}

	@RestController
	static class Controller {

		private final Work work;

		private final JmsTemplate jms;

		Controller(Work work, JmsTemplate jms) {
			this.work = work;
			this.jms = jms;
		}

		@GetMapping("/work")
		String work(@RequestHeader("X-Tenant") String tenant) {
			Application.TENANT.set(tenant);
			this.work.task(tenant);
			this.jms.convertAndSend("jfr", tenant);
			Probe.commit("request", tenant);
			return tenant;
		}

	}

	static class Work {

		private final Done done;

		Work(Done done) {
			this.done = done;
		}

		@Async
		void task(String expected) {
			Probe.commit("task", expected);
			this.done.latch.countDown();
		}

		@JmsListener(destination = "jfr")
		void message(String tenant) {
			Application.TENANT.set(tenant);
			Probe.commit("message", tenant);
			this.done.latch.countDown();
		}

		@Scheduled(fixedDelayString = "PT1H")
		void scheduled() {
			Application.TENANT.set("nightly");
			Probe.commit("scheduled", "nightly");
			this.done.latch.countDown();
		}

	}

}

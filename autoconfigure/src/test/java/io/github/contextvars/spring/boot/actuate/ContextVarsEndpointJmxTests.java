package io.github.contextvars.spring.boot.actuate;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import javax.management.MBeanOperationInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The endpoint as a client of the JVM's MBean server finds it.
 */
class ContextVarsEndpointJmxTests {

	private static final String JMX = "spring.jmx.enabled=true";

	private static final String EXPOSED = "management.endpoints.jmx.exposure.include=contextvars";

	private static final String SHOW = "management.endpoint.contextvars.show-values=";

	private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();

	@ParameterizedTest
	@ValueSource(strings = { "when-authorized", "always" })
	void operationsListEverythingAndOneVariable(String show) throws Exception {
		try (WebApp app = WebApp.start(Application.class, JMX, EXPOSED, SHOW + show)) {
			duringRequest(app, () -> {
				Map<String, Object> all = contextVars();
				Map<String, Object> one = contextVar("tenant");

				assertThat(all).containsOnlyKeys("variables", "contexts", "contextCount", "outside", "propagation");
				assertThat(list(all, "variables")).extracting("name")
					.containsExactlyInAnyOrder("tenant", "password", "masked");
				assertThat(list(all, "contexts")).singleElement()
					.satisfies((context) -> assertThat(context).containsEntry("origin", "GET /orders/7")
						.containsEntry("parent", null)
						.containsEntry("current", false)
						.hasEntrySatisfying("since", (since) -> assertThat((String) since).matches("\\d{4}-.*Z"))
						.containsEntry("variables",
								Map.of("tenant", "acme", "password", "******", "masked", "m***", "undeclared", 42)));
				assertThat(list(one, "variables")).extracting("name").containsExactly("tenant");
				assertThat(list(one, "contexts")).extracting("variables").containsExactly(Map.of("tenant", "acme"));
				assertThat(list(contextVar("password"), "contexts")).extracting("variables")
					.containsExactly(Map.of("password", "******"));
				assertThat(contextVar("nothing")).isNull();
			});
		}
	}

	@Test
	void thereAreTwoReadOperations() throws Exception {
		try (WebApp app = WebApp.start(Application.class, JMX, EXPOSED)) {
			MBeanOperationInfo[] operations = this.server.getMBeanInfo(name()).getOperations();

			assertThat(Arrays.stream(operations).map(MBeanOperationInfo::getName))
				.containsExactlyInAnyOrder("contextVars", "contextVar");
			assertThat(operations).extracting(MBeanOperationInfo::getImpact).containsOnly(MBeanOperationInfo.INFO);
			assertThat(app.bean(WorkRegistry.class).isTracking()).isTrue();
		}
	}

	@Test
	void valuesAreMaskedUnlessAskedFor() throws Exception {
		try (WebApp app = WebApp.start(Application.class, JMX, EXPOSED)) {
			duringRequest(app, () -> {
				for (Map<String, Object> answer : List.of(contextVars(), contextVar("tenant"), contextVar("undeclared"),
						contextVar("masked"))) {
					assertThat(list(answer, "contexts")).isNotEmpty()
						.allSatisfy((context) -> assertThat((Map<?, ?>) context.get("variables")).isNotEmpty()
							.allSatisfy((name, value) -> assertThat(value).isEqualTo("******")));
				}
			});
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "spring.jmx.enabled=false", "management.endpoints.jmx.exposure.include=health" })
	void nothingIsTrackedUnlessItCanBeSeen(String property) throws Exception {
		try (WebApp app = WebApp.start(Application.class, JMX, EXPOSED, property)) {
			duringRequest(app, () -> assertThat(app.bean(WorkRegistry.class).list()).isEmpty());

			assertThat(app.bean(WorkRegistry.class).isTracking()).isFalse();
		}
	}

	private static void duringRequest(WebApp app, Check check) throws Exception {
		Gate gate = app.bean(Gate.class);
		CompletableFuture<Integer> order = CompletableFuture.supplyAsync(() -> app.get("/orders/7").statusCode());
		assertThat(gate.reached.await(30, TimeUnit.SECONDS)).isTrue();
		try {
			check.run();
		}
		finally {
			gate.opened.countDown();
		}
		assertThat(order.join()).isEqualTo(200);
		Awaitility.await().until(() -> app.bean(WorkRegistry.class).list().isEmpty());
		app.assertClean();
	}

	private Map<String, Object> contextVars() throws Exception {
		return invoke("contextVars", new Object[0], new String[0]);
	}

	private Map<String, Object> contextVar(String variable) throws Exception {
		return invoke("contextVar", new Object[] { variable }, new String[] { String.class.getName() });
	}

	@SuppressWarnings("unchecked")
	private Map<String, Object> invoke(String operation, Object[] arguments, String[] types) throws Exception {
		return (Map<String, Object>) this.server.invoke(name(), operation, arguments, types);
	}

	@SuppressWarnings("unchecked")
	private static List<Map<String, Object>> list(Map<String, Object> answer, String key) {
		return (List<Map<String, Object>>) answer.get(key);
	}

	private static ObjectName name() throws Exception {
		return new ObjectName("org.springframework.boot:type=Endpoint,name=Contextvars");
	}

	private interface Check {

		void run() throws Exception;

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ Orders.class, Gate.class })
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable(sensitive = true)
		static final ContextVar<String> PASSWORD = ContextVar.of("password");

		@ContextVariable
		static final ContextVar<String> MASKED = ContextVar.of("masked");

		static final ContextVar<Integer> UNDECLARED = ContextVar.of("undeclared");

		@Bean
		SanitizingFunction firstLetter() {
			return (data) -> data.getKey().equals("masked")
					? data.withValue(data.getValue().toString().charAt(0) + "***") : data;
		}

	}

	@RestController
	static class Orders {

		private final Gate gate;

		Orders(Gate gate) {
			this.gate = gate;
		}

		@GetMapping("/orders/7")
		void order() throws InterruptedException {
			Application.TENANT.set("acme");
			Application.PASSWORD.set("hunter2");
			Application.MASKED.set("masked");
			Application.UNDECLARED.set(42);
			this.gate.reached.countDown();
			assertThat(this.gate.opened.await(30, TimeUnit.SECONDS)).isTrue();
		}

	}

	static class Gate {

		private final CountDownLatch reached = new CountDownLatch(1);

		private final CountDownLatch opened = new CountDownLatch(1);

	}

}

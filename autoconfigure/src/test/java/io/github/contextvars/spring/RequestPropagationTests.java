package io.github.contextvars.spring;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Hooks;

import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a request hands over, on a real Tomcat with one thread. FORWARD, INCLUDE, ASYNC
 * and ERROR dispatches have their tests in {@code ContextFilterTomcatTests}.
 */
@ParameterizedClass
@MethodSource("io.github.contextvars.testsupport.Threading#available")
class RequestPropagationTests {

	private static WebApp app;

	@Parameter
	private Threading threading;

	@BeforeParameterizedClassInvocation
	static void start(Threading threading) {
		app = WebApp.start(RequestApplication.class, threading.property(), "server.shutdown=immediate",
				"server.tomcat.threads.max=1", "server.tomcat.threads.min-spare=1",
				"spring.task.execution.pool.core-size=1", "spring.reactor.context-propagation=auto",
				"logging.level.org.apache.catalina=off", "logging.level.org.springframework.web=off");
	}

	@AfterParameterizedClassInvocation
	static void stop() {
		app.close();
		Hooks.disableAutomaticContextPropagation();
	}

	@BeforeEach
	void forget() {
		RequestApplication.EVENTS.clear();
	}

	@AfterEach
	void threadsAreHandedBackClean() throws Exception {
		app.assertClean();
		app.bean(RequestApplication.class).assertWorkersClean();
	}

	@ParameterizedTest
	@ValueSource(strings = { "/thread", "/callable", "/callable/failing", "/web-async-task", "/web-async-task/failing",
			"/deferred", "/streaming", "/emitter", "/sse", "/completable", "/completable/async", "/context-future",
			"/mono", "/flux", "/flux/sse", "/web-client" })
	void seesRequestsValuesAndKeepsItsOwn(String path) {
		assertPropagates(app, path);
	}

	/**
	 * Assert that what a path hands over sees the request's value and nothing of the
	 * request before, and that the request sees nothing of what was set elsewhere.
	 */
	static void assertPropagates(WebApp app, String path) {
		for (String tenant : List.of("acme", "globex", "none")) {
			RequestApplication.EVENTS.clear();
			String body = (tenant.equals("none") ? app.get(path) : app.get(path, "X-Tenant", tenant)).body();
			assertThat(body).as(path).contains("body " + tenant + ", before").doesNotContain("task's");
			app.assertClean();
			assertThat(RequestApplication.EVENTS).as("dispatches of " + path)
				.filteredOn((event) -> event.startsWith("dispatch"))
				.isNotEmpty()
				.containsOnly("dispatch " + tenant + ", before");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "/deferred", "/sse", "/emitter" })
	void completionCallbackSeesRequestsValues(String path) throws Exception {
		app.get(path, "X-Tenant", "acme");
		assertThat(event("onCompletion")).isEqualTo("onCompletion acme, before");
		app.get(path);
		assertThat(event("onCompletion")).isEqualTo("onCompletion none, before");
	}

	@ParameterizedTest
	@ValueSource(strings = { "/deferred/timeout", "/sse/timeout", "/emitter/timeout", "/web-async-task/timeout" })
	void timeoutCallbackSeesRequestsValues(String path) throws Exception {
		app.get(path, "X-Tenant", "acme");
		assertThat(event("onTimeout")).isEqualTo("onTimeout acme, before");
		assertThat(event("onCompletion")).isEqualTo("onCompletion acme, before");
		app.get("/release");
	}

	@ParameterizedTest
	@ValueSource(strings = { "/deferred/error", "/sse/error", "/emitter/error" })
	void errorCallbackSeesRequestsValues(String path) throws Exception {
		try (Socket socket = new Socket("localhost", app.port())) {
			socket.setSoLinger(true, 0);
			socket.getOutputStream()
				.write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nX-Tenant: acme\r\n\r\n")
					.getBytes(StandardCharsets.US_ASCII));
			assertThat(socket.getInputStream().read()).isEqualTo('H');
		}
		assertThat(event("onError")).isEqualTo("onError acme, before");
	}

	@Test
	void interceptorsSeeValuesOfTheRequestAndNotOfTheOneThatCompletesIt() throws Exception {
		CompletableFuture<String> body = CompletableFuture
			.supplyAsync(() -> app.get("/deferred/held", "X-Tenant", "acme").body());
		Awaitility.await().until(() -> !app.bean(RequestApplication.class).held.isEmpty());
		app.get("/deferred/finish", "X-Tenant", "globex");

		assertThat(body.get(30, TimeUnit.SECONDS)).isEqualTo("finished");
		for (String callback : List.of("preProcess", "postProcess", "afterCompletion")) {
			assertThat(event("intercepted")).isEqualTo("intercepted " + callback + " acme, before");
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			/deferred/timeout       | acme, before
			/callable               | the task's, the task's
			/web-async-task         | the task's, the task's
			/web-async-task/failing | the task's, the task's
			""")
	void interceptorsSeeWhatTheRequestOrItsTaskHasSet(String path, String afterwards) throws Exception {
		app.get(path, "X-Tenant", "acme");
		assertThat(event("intercepted")).isEqualTo("intercepted preProcess acme, before");
		assertThat(event("intercepted")).isEqualTo("intercepted postProcess " + afterwards);
	}

	@ParameterizedTest
	@ValueSource(strings = { "/callable/outliving", "/web-async-task/outliving" })
	void taskThatOutlivesItsRequestLeavesItsThreadClean(String path) throws Exception {
		RequestApplication application = app.bean(RequestApplication.class);
		application.release = new CountDownLatch(1);
		app.get(path, "X-Tenant", "acme");
		app.assertClean();
		// Whatever the container reuses is in the hands of others now.
		assertThat(app.get("/thread", "X-Tenant", "globex").body()).contains("body globex, before");
		application.release.countDown();
		assertThat(event("outlived")).isEqualTo("outlived acme, before");
		application.assertWorkersClean();
		assertThat(app.get("/thread").body()).contains("body none, before");
	}

	private static String event(String prefix) throws InterruptedException {
		while (true) {
			String event = RequestApplication.EVENTS.poll(30, TimeUnit.SECONDS);
			assertThat(event).as(prefix + " in time").isNotNull();
			if (event.startsWith(prefix)) {
				return event;
			}
		}
	}

}

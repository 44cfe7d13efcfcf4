package io.github.contextvars.spring.work;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import io.github.contextvars.ContextVar;
import io.github.contextvars.Token;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Requests that wait for their asynchronous end are listed, without a thread, until they
 * have ended in one way or another.
 */
@ExtendWith(OutputCaptureExtension.class)
class WaitingRequestsTests {

	private static WebApp app;

	private static WorkRegistry registry;

	@BeforeAll
	static void start() {
		app = WebApp.start(WaitingApplication.class, "management.endpoints.web.exposure.include=contextvars",
				"server.shutdown=immediate", "logging.level.org.apache.catalina=off",
				"logging.level.org.springframework.web=off");
		registry = app.bean(WorkRegistry.class);
	}

	@AfterAll
	static void stop() {
		app.close();
	}

	@AfterEach
	void nothingIsListed() {
		Awaitility.await().untilAsserted(() -> assertThat(registry.list()).isEmpty());
	}

	@ParameterizedTest
	@ValueSource(strings = { "/callable", "/deferred", "/emitter", "/async" })
	void requestIsListedWhileItWaits(String path) throws Exception {
		CompletableFuture<?> response = CompletableFuture.supplyAsync(() -> app.get(path));
		Runnable end = app.bean(WaitingApplication.class).waiting.take();
		Awaitility.await().untilAsserted(() -> assertThat(requests()).isEqualTo("GET " + path + " waits"));

		JsonNode listed = new JsonMapper().readTree(app.get("/actuator/contextvars").body()).get("contexts");
		assertThat(listed.valueStream()
			.filter((context) -> context.get("kind").asString().equals("request")
					&& !context.get("current").asBoolean()))
			.singleElement()
			.satisfies((context) -> {
				assertThat(context.get("thread").isNull()).isTrue();
				assertThat(context.get("origin").asString()).isEqualTo("GET " + path);
				assertThat(context.get("variables").get("waited").isNull()).isFalse();
			});
		end.run();
		response.get(30, TimeUnit.SECONDS);
	}

	@ParameterizedTest
	@ValueSource(strings = { "/deferred/timeout", "/async/timeout", "/deferred/failing", "/async/again" })
	void requestIsNoLongerListedWhenItHasEnded(String path) {
		app.get(path);
		Awaitility.await().untilAsserted(() -> assertThat(requests()).isEmpty());
	}

	@Test
	void requestIsNoLongerListedWhenItsClientIsGone() throws Exception {
		try (Socket socket = new Socket("localhost", app.port())) {
			socket.setSoLinger(true, 0);
			socket.getOutputStream()
				.write("GET /emitter HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
			Runnable end = app.bean(WaitingApplication.class).waiting.take();
			Awaitility.await().untilAsserted(() -> assertThat(requests()).isEqualTo("GET /emitter waits"));
			socket.close();
			end.run();
		}
	}

	@Test
	void variableThatIsResetWhileItsRequestGoesOnIsWarnedOfOnce(CapturedOutput output) {
		app.get("/async/reset");
		app.get("/async/reset");

		assertThat(output.toString().lines().filter((line) -> line.contains("was reset before"))).singleElement()
			.asString()
			.contains("'scoped'", "'GET /async/reset'", "Set it and leave it");
	}

	private static String requests() {
		return registry.list()
			.stream()
			.filter((unit) -> unit.kind() == UnitOfWork.Kind.REQUEST)
			.map((unit) -> unit.origin() + ((unit.thread() != null) ? " runs" : " waits"))
			.collect(Collectors.joining(", "));
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(WaitingApplication.Pages.class)
	static class WaitingApplication {

		@ContextVariable(description = "Set by requests that wait")
		static final ContextVar<String> WAITED = ContextVar.of("waited");

		static final ContextVar<String> SCOPED = ContextVar.of("scoped");

		private final BlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>();

		@RestController
		static class Pages {

			private final WaitingApplication application;

			Pages(WaitingApplication application) {
				this.application = application;
			}

			@GetMapping("/callable")
			Callable<String> callable() {
				WAITED.set("callable");
				CountDownLatch end = new CountDownLatch(1);
				this.application.waiting.add(end::countDown);
				return () -> {
					end.await();
					return "called";
				};
			}

			@GetMapping("/deferred")
			DeferredResult<String> deferred() {
				WAITED.set("deferred");
				DeferredResult<String> result = new DeferredResult<>();
				this.application.waiting.add(() -> result.setResult("set"));
				return result;
			}

			@GetMapping("/deferred/timeout")
			DeferredResult<String> timedOutDeferred() {
				return new DeferredResult<>(1L, "timed out");
			}

			@GetMapping("/deferred/failing")
			DeferredResult<String> failedDeferred() {
				DeferredResult<String> result = new DeferredResult<>();
				result.setErrorResult(new IllegalStateException("planned"));
				return result;
			}

			@GetMapping("/emitter")
			SseEmitter emitter() {
				WAITED.set("emitter");
				SseEmitter emitter = new SseEmitter();
				this.application.waiting.add(() -> {
					try {
						for (int i = 0; i < 100; i++) {
							emitter.send("x".repeat(10_000));
						}
						emitter.complete();
					}
					catch (IOException | IllegalStateException ex) {
						// The client is gone: the container ends the request.
					}
				});
				return emitter;
			}

			@GetMapping("/async")
			void async(HttpServletRequest request) {
				WAITED.set("async");
				this.application.waiting.add(request.startAsync()::complete);
			}

			@GetMapping("/async/timeout")
			void timedOutAsync(HttpServletRequest request) {
				request.startAsync().setTimeout(1);
			}

			@GetMapping("/async/reset")
			void resetBeforeDispatch(HttpServletRequest request) {
				WAITED.set("not reset");
				if (request.getDispatcherType() == DispatcherType.REQUEST) {
					try (Token<String> token = SCOPED.set("reset")) {
						request.startAsync().dispatch();
					}
				}
			}

			@GetMapping("/async/again")
			String asyncAgain(HttpServletRequest request) {
				if (request.getDispatcherType() == DispatcherType.REQUEST) {
					request.startAsync().dispatch();
				}
				else if (request.getAttribute("again") == null) {
					request.setAttribute("again", true);
					request.startAsync().dispatch();
				}
				return null;
			}

		}

	}

}

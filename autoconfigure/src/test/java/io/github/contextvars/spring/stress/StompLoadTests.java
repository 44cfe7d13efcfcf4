package io.github.contextvars.spring.stress;

import java.lang.reflect.Type;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.messaging.converter.StringMessageConverter;
import org.springframework.messaging.simp.stomp.StompFrameHandler;
import org.springframework.messaging.simp.stomp.StompHeaders;
import org.springframework.messaging.simp.stomp.StompSession;
import org.springframework.messaging.simp.stomp.StompSessionHandlerAdapter;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.web.socket.WebSocketHttpHeaders;
import org.springframework.web.socket.client.standard.StandardWebSocketClient;
import org.springframework.web.socket.messaging.WebSocketStompClient;

import io.github.contextvars.spring.testing.ServerThreads;
import io.github.contextvars.spring.testing.ThreadContextProbe;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Frames of many STOMP sessions at a time, of which some fail, handled in their order and
 * in any: no value is seen in the wrong place, none is lost, and no thread is left in a
 * context.
 */
@Tag("stress")
class StompLoadTests {

	private static final long SEED = Long.getLong("stress.seed", System.nanoTime());

	private static final int MESSAGES = Integer.getInteger("stress.requests", 50_000) / 5;

	private static final int SESSIONS = 16;

	private static final int THREADS = 4;

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void framesMixNothingUp(Threading threading) throws Exception {
		int messages = MESSAGES / 2 / (int) Threading.available().count();
		run(threading, false, messages);
		run(threading, true, messages);
	}

	/**
	 * The smallest size that detects a fault which every frame shows.
	 */
	@Test
	void fewFramesMixNothingUp() throws Exception {
		run(Threading.PLATFORM, true, 800);
	}

	private static void run(Threading threading, boolean preserveOrder, int messages) throws Exception {
		long start = System.nanoTime();
		WorkerProbe.Threads threads = WorkerProbe.Threads.of(threading);
		ViolationLog log;
		try (ServletWebServerApplicationContext application = start(threading, preserveOrder, threads)) {
			log = application.getBean(ViolationLog.class);
			ThreadContextProbe.watch();
			send(application, log, messages / SESSIONS);
			if (threading == Threading.PLATFORM) {
				ServerThreads.assertClean(application.getWebServer(), THREADS);
			}
			application.getBean("inbound", ThreadPoolTaskExecutor.class).shutdown();
			threads.joinAndAssertClean();
		}
		finally {
			ThreadContextProbe.unwatch();
		}

		System.out.println(messages + " frames on " + threading + " threads, in order: " + preserveOrder + ", seed "
				+ SEED + ", " + Duration.ofNanos(System.nanoTime() - start).toSeconds() + " s: " + log + " "
				+ log.violations());
		assertThat(log.violations()).as("seed %d: %s", SEED, log).isEmpty();
		assertThat(log.counted("handler")).isEqualTo(messages / SESSIONS * SESSIONS);
		for (String hook : StompLoadApplication.Chat.HOOKS) {
			assertThat(log.counted(hook)).as(hook).isPositive();
		}
	}

	private static ServletWebServerApplicationContext start(Threading threading, boolean preserveOrder,
			WorkerProbe.Threads threads) {
		return (ServletWebServerApplicationContext) new SpringApplicationBuilder(StompLoadApplication.class)
			.web(WebApplicationType.SERVLET)
			.initializers((context) -> ((GenericApplicationContext) context).registerBean(WorkerProbe.Threads.class,
					() -> threads))
			.properties(threading.property(), "tests.frameworks=websocket", "tests.preserve-order=" + preserveOrder,
					"server.port=0", "server.shutdown=immediate", "server.tomcat.threads.max=" + THREADS,
					"logging.level.root=off", "spring.main.banner-mode=off",
					"management.endpoints.web.exposure.include=contextvars")
			.run();
	}

	private static void send(ServletWebServerApplicationContext application, ViolationLog log, int messages)
			throws Exception {
		WebSocketStompClient client = new WebSocketStompClient(new StandardWebSocketClient());
		client.setMessageConverter(new StringMessageConverter());
		URI uri = URI.create("ws://localhost:" + application.getWebServer().getPort() + "/stomp");
		ExecutorService senders = Executors.newFixedThreadPool(SESSIONS);
		try {
			List<Future<?>> ends = new ArrayList<>();
			for (int i = 0; i < SESSIONS; i++) {
				Sender sender = new Sender("user-" + i, log, new SplittableRandom(SEED + i));
				ends.add(senders.submit(() -> {
					sender.send(client, uri, messages);
					return null;
				}));
			}
			for (Future<?> end : ends) {
				end.get();
			}
		}
		finally {
			senders.shutdownNow();
			client.stop();
		}
	}

	/**
	 * One session, with a window of messages whose answers it waits for.
	 */
	private static final class Sender implements StompFrameHandler {

		private static final int WINDOW = 20;

		private final String user;

		private final ViolationLog log;

		private final SplittableRandom random;

		private final Semaphore window = new Semaphore(WINDOW);

		private final Semaphore subscribed = new Semaphore(0);

		Sender(String user, ViolationLog log, SplittableRandom random) {
			this.user = user;
			this.log = log;
			this.random = random;
		}

		void send(WebSocketStompClient client, URI uri, int messages) throws Exception {
			StompHeaders connect = new StompHeaders();
			connect.set(StompLoadApplication.USER, this.user);
			StompSession session = client
				.connectAsync(uri, new WebSocketHttpHeaders(), connect, new StompSessionHandlerAdapter() {
				})
				.get(30, TimeUnit.SECONDS);
			session.subscribe("/topic/" + this.user, this);
			Awaitility.await().until(() -> {
				session.send("/probe", this.user);
				return this.subscribed.tryAcquire(100, TimeUnit.MILLISECONDS);
			});
			for (int i = 0; i < messages; i++) {
				awaitAnswer();
				session.send(headers(i), "message");
			}
			for (int i = 0; i < WINDOW; i++) {
				awaitAnswer();
			}
			session.disconnect();
		}

		private StompHeaders headers(int message) {
			StompHeaders headers = new StompHeaders();
			headers.setDestination("/chat");
			headers.set(StompLoadApplication.USER, this.user);
			if (this.random.nextInt(3) == 0) {
				headers.set(StompLoadApplication.STEP, this.user + "-" + message);
			}
			if (this.random.nextInt(20) == 0) {
				headers.set(StompLoadApplication.FAILS, "true");
			}
			return headers;
		}

		private void awaitAnswer() throws InterruptedException {
			if (!this.window.tryAcquire(30, TimeUnit.SECONDS)) {
				this.log.record(ViolationLog.Violation.UNANSWERED, this.user);
			}
		}

		@Override
		public Type getPayloadType(StompHeaders headers) {
			return String.class;
		}

		@Override
		public void handleFrame(StompHeaders headers, Object payload) {
			if (StompLoadApplication.SUBSCRIBED.equals(payload)) {
				this.subscribed.release();
				return;
			}
			if (!this.user.equals(payload)) {
				this.log.record(ViolationLog.Violation.BLEED, this.user + " received " + payload);
			}
			this.window.release();
		}

	}

}

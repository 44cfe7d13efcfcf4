package io.github.contextvars.spring.threadlocal;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.github.resilience4j.bulkhead.ThreadPoolBulkhead;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.micrometer.context.ContextSnapshotFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.quartz.JobBuilder;
import org.quartz.Scheduler;
import org.quartz.TriggerBuilder;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.cloud.circuitbreaker.resilience4j.Resilience4JCircuitBreakerFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.support.GenericMessage;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextFuture;
import io.github.contextvars.spring.testing.KafkaBroker;
import io.github.contextvars.spring.testing.PulsarTopics;
import io.github.contextvars.spring.testing.Services;
import io.github.contextvars.spring.testing.ThreadLocalValues;
import io.github.contextvars.spring.threadlocal.MatrixApplication.Seen;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the code of each row of the propagation table has in the five {@link ThreadLocal}s
 * that have names, beside what it has without the library.
 */
@Tag("stress")
class ThreadLocalMatrixTests {

	// A container of messages begins its observation before the library is called.
	private static final Set<String> TRACED = Set.of("scheduled", "kafka", "rabbit", "jms", "pulsar", "call");

	private static final Scenario NOTHING = (app) -> {
	};

	private static final String PAGE = "docs/reference/thread-locals.md";

	private static final String LIBRARY = "contextvars.thread-locals=" + String.join(",", ThreadLocalValues.NAMES);

	private final List<Row> rows = new ArrayList<>();

	private KafkaBroker broker;

	ThreadLocalMatrixTests() {
		begins("Filters after the library's", "request", get("/servlet"));
		copies("`Callable`", "callable", get("/callable"));
		copies("`WebAsyncTask` on an executor that is no bean", "web task", get("/task"));
		copies("`StreamingResponseBody`", "streaming", get("/streaming"));
		copies("`onCompletion` of `DeferredResult`", "deferred", get("/deferred"));
		copies("`DeferredResultProcessingInterceptor`", "deferred interceptor", get("/deferred"));
		copies("`AsyncListener`", "async listener of servlet", get("/servlet"));
		copies("`@Async` method", "async", asAlice((app) -> app.getBean(MatrixApplication.Tasks.class).async()));
		copies("`AsyncUncaughtExceptionHandler`", "async exception handler",
				asAlice((app) -> app.getBean(MatrixApplication.Tasks.class).failing()));
		copies("Task of an `ExecutorService` bean", "executor",
				asAlice((app) -> app.getBean("pool", ExecutorService.class).execute(() -> seen(app).here("executor"))));
		copies("`CompletableFuture.…Async` on an executor bean", "future", asAlice((app) -> CompletableFuture
			.runAsync(() -> seen(app).here("future"), app.getBean("pool", ExecutorService.class))));
		copies("Stage of the `ContextFuture` of an `@Async` method", "stage", asAlice((app) -> {
			MatrixApplication.Tasks tasks = app.getBean(MatrixApplication.Tasks.class);
			tasks.later().thenRun(() -> seen(app).here("stage"));
			tasks.stagesAreRegistered();
		}));
		copies("Stage of a `ContextFuture` that another thread completes", "context future", asAlice((app) -> {
			ContextFuture<String> future = new ContextFuture<>();
			future.thenRun(() -> seen(app).here("context future"));
			app.getBean(MatrixApplication.Foreign.class).executor().execute(() -> future.complete(""));
		}));
		copies("Task of an executor that `ContextExecutors` wraps", "wrapped executor",
				asAlice((app) -> ContextExecutors.wrap(app.getBean(MatrixApplication.Foreign.class).executor())
					.execute(() -> seen(app).here("wrapped executor"))));
		copies("Thread of a factory that `ContextExecutors` wraps", "thread",
				asAlice((app) -> ContextExecutors.wrap(MatrixApplication.pollutedThreads("thread"))
					.newThread(() -> seen(app).here("thread"))
					.start()));
		copies("`TaskScheduler.schedule`", "schedule",
				asAlice((app) -> app.getBean("taskScheduler", ThreadPoolTaskScheduler.class)
					.schedule(() -> seen(app).here("schedule"), Instant.now())));
		begins("`@Scheduled` method", "scheduled", NOTHING);
		begins("Quartz job", "job",
				(app) -> app.getBean(Scheduler.class)
					.scheduleJob(JobBuilder.newJob(MatrixFrameworks.Firing.class).build(),
							TriggerBuilder.newTrigger().startNow().build()));
		begins("`ApplicationRunner`", "runner", NOTHING);
		begins("Listener of `ApplicationReadyEvent`", "ready", NOTHING);
		begins("Construction of a singleton", "singleton",
				asMallory((app) -> app.getBean("lazySingleton", StringBuilder.class)));
		begins("Kafka record", "kafka", (app) -> app.getBean(KafkaTemplate.class)
			.send(app.getEnvironment().getRequiredProperty("tests.topic"), "text"));
		begins("RabbitMQ message", "rabbit", (app) -> app.getBean(RabbitTemplate.class)
			.convertAndSend(app.getBean("matrixQueue", Queue.class).getName(), "text"));
		begins("JMS message", "jms", (app) -> app.getBean(JmsTemplate.class).convertAndSend("matrix", "text"));
		begins("Pulsar message", "pulsar", (app) -> app.getBean(PulsarTopics.class).send("matrix", "text", null));
		begins("Redis message of a channel", "redis",
				(app) -> app.getBean(StringRedisTemplate.class).convertAndSend("matrix", "text"));
		begins("Redis record of a stream", "redis stream",
				(app) -> app.getBean(StringRedisTemplate.class)
					.opsForStream()
					.add(MatrixFrameworks.Redis.STREAM, Map.of("key", "value")));
		copies("Integration: `QueueChannel`", "queue channel", send("queued"));
		copies("Integration: `ExecutorChannel`", "executor channel", send("executed"));
		copies("Integration: `PartitionedChannel`", "partitioned channel", send("partitioned"));
		begins("Integration: source", "source", NOTHING);
		copies("Integration: gateway that returns a `Future`", "gateway",
				asAlice((app) -> app.getBean(MatrixFrameworks.Calls.class).call("text")));
		copies("WebSocket: `afterConnectionEstablished`", "session", socket("/raw", "text"));
		copies("WebSocket: message", "socket message", NOTHING);
		copies("STOMP: `@MessageMapping`", "frame",
				socket("/stomp", "CONNECT\naccept-version:1.2\n\n\0", "SEND\ndestination:/frame\n\ntext\0"));
		copies("`@ServerEndpoint`: `@OnOpen`", "open", socket("/endpoint", "text"));
		copies("`@ServerEndpoint`: `@OnMessage`", "endpoint message", NOTHING);
		begins("gRPC call", "call", ThreadLocalMatrixTests::call);
		copies("Listener on an executor: `@Async @EventListener`", "async listener",
				asAlice((app) -> app.publishEvent(new MatrixApplication.Published())));
		copies("Listener on the executor of an event multicaster", "listener",
				asAlice((app) -> app.publishEvent(new MatrixApplication.Published())));
		copies("Reactor operator, in automatic mode", "operator",
				asAlice((app) -> Mono.fromRunnable(() -> seen(app).here("operator"))
					.subscribeOn(Schedulers.fromExecutor(app.getBean(MatrixApplication.Foreign.class).executor()))
					.contextCapture()
					.block()));
		copies("`Callable` of a `@ContextScoped` method", "scoped callable",
				asAlice((app) -> app.getBean(MatrixApplication.Foreign.class)
					.executor()
					.submit(app.getBean(MatrixApplication.Tasks.class).scoped())));
		copies("Micrometer's `ContextSnapshot`", "snapshot",
				asAlice((app) -> app.getBean(MatrixApplication.Foreign.class)
					.executor()
					.execute(ContextSnapshotFactory.builder()
						.clearMissing(true)
						.build()
						.captureAll()
						.wrap(() -> seen(app).here("snapshot")))));
		copies("GraphQL: data fetcher on an executor bean", "fetcher",
				(app) -> HttpClient.newHttpClient()
					.send(HttpRequest.newBuilder(uri(app, "http", "/graphql"))
						.header("Accept-Language", "und-x-alice")
						.header("Content-Type", "application/json")
						.POST(HttpRequest.BodyPublishers.ofString("{\"query\":\"{ tenant }\"}"))
						.build(), HttpResponse.BodyHandlers.discarding()));
		copies("Resilience4j: thread-pool bulkhead", "bulkhead", asAlice(
				(app) -> app.getBean(ThreadPoolBulkhead.class).executeRunnable(() -> seen(app).here("bulkhead"))));
		copies("Spring Cloud: `CircuitBreaker.run`", "circuit breaker",
				asAlice((app) -> app.getBean(Resilience4JCircuitBreakerFactory.class).create("any").run(() -> {
					seen(app).here("circuit breaker");
					return "";
				})));
	}

	/**
	 * Writes the table anew with {@code -Dtests.write=true}. What code sees without the
	 * library depends on which thread of a pool it meets, and is not compared.
	 */
	@Test
	void pageShowsWhatIsSeenWithAndWithoutTheLibrary() throws Exception {
		try (KafkaBroker started = KafkaBroker.start()) {
			this.broker = started;
			String without = "spring.autoconfigure.exclude=" + String.join(",", own());
			List<Map<Row, List<String>>> columns = List.of(run(LIBRARY), run(without),
					run(without, "spring.task.execution.propagate-context=true"));
			assertThat(columns.get(0)).allSatisfy(
					(row, values) -> assertThat(row.right(values)).as("%s: %s", row, values).doesNotContain(false));
			List<String> lines = new ArrayList<>();
			for (Row row : columns.get(0).keySet()) {
				lines.add("| " + row.name() + " | " + (row.copies() ? "a copy" : "a fresh context") + " | "
						+ cells(row, columns.get(0).get(row)) + " | " + count(row, columns.get(1).get(row)) + " | "
						+ count(row, columns.get(2).get(row)) + " |");
			}
			Path page = Path.of("..", PAGE);
			String text = Files.readString(page);
			int begin = text.indexOf("| Code | begins with |");
			begin = text.indexOf('\n', text.indexOf("|---", begin)) + 1;
			int end = text.indexOf("\n\n", begin);
			if (Boolean.getBoolean("tests.write")) {
				Files.writeString(page, text.substring(0, begin) + String.join("\n", lines) + text.substring(end));
			}
			else {
				assertThat(text.substring(begin, end).lines().map(ThreadLocalMatrixTests::ofLibrary))
					.containsAll(lines.stream().map(ThreadLocalMatrixTests::ofLibrary).toList());
			}
		}
	}

	private static String ofLibrary(String line) {
		return line.substring(0, line.lastIndexOf('|', line.lastIndexOf('|', line.length() - 2) - 1));
	}

	private static String cells(Row row, List<String> values) {
		return row.right(values).stream().map((right) -> right ? "✓" : "✗").collect(Collectors.joining(" | "));
	}

	private static String count(Row row, List<String> values) {
		return row.right(values).stream().filter(Boolean::booleanValue).count() + " of 5";
	}

	private void copies(String name, String key, Scenario scenario) {
		this.rows.add(new Row(name, true, key, scenario));
	}

	private void begins(String name, String key, Scenario scenario) {
		this.rows.add(new Row(name, false, key, scenario));
	}

	private static URI uri(ConfigurableApplicationContext app, String scheme, String path) {
		int port = ((ServletWebServerApplicationContext) app).getWebServer().getPort();
		return URI.create(scheme + "://localhost:" + port + path);
	}

	private static Scenario get(String path) {
		return (app) -> HttpClient.newHttpClient()
			.send(HttpRequest.newBuilder(uri(app, "http", path)).header("Accept-Language", "und-x-alice").build(),
					HttpResponse.BodyHandlers.discarding());
	}

	private static Scenario send(String channel) {
		return asAlice((app) -> app.getBean(channel, MessageChannel.class).send(new GenericMessage<>("text")));
	}

	private static Scenario socket(String path, String... texts) {
		return (app) -> {
			CompletableFuture<Void> connected = new CompletableFuture<>();
			WebSocket socket = HttpClient.newHttpClient()
				.newWebSocketBuilder()
				.header("Accept-Language", "und-x-alice")
				.buildAsync(uri(app, "ws", path), new WebSocket.Listener() {

					@Override
					public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
						connected.complete(null);
						return WebSocket.Listener.super.onText(webSocket, data, last);
					}

				})
				.get(20, TimeUnit.SECONDS);
			for (int i = 0; i < texts.length; i++) {
				if (i > 0) {
					connected.get(20, TimeUnit.SECONDS);
				}
				socket.sendText(texts[i], true).get(20, TimeUnit.SECONDS);
			}
		};
	}

	private static void call(ConfigurableApplicationContext app) {
		ManagedChannel channel = InProcessChannelBuilder.forName("matrix").directExecutor().build();
		try {
			ClientCalls.blockingUnaryCall(channel, MatrixFrameworks.CALL, io.grpc.CallOptions.DEFAULT, "text");
		}
		finally {
			channel.shutdownNow();
		}
	}

	private static Scenario asAlice(Scenario scenario) {
		return (app) -> ThreadLocalValues.runAs("alice", () -> scenario.run(app));
	}

	// In a context: the construction of a singleton outside any has nothing to protect.
	private static Scenario asMallory(Scenario scenario) {
		return (app) -> ThreadLocalValues.runAs("mallory", () -> new Context().<Boolean, Exception>call(() -> {
			scenario.run(app);
			return true;
		}));
	}

	private static Seen seen(ConfigurableApplicationContext app) {
		return app.getBean(Seen.class);
	}

	private static List<String> own() {
		List<String> own = new ArrayList<>();
		ImportCandidates.load(AutoConfiguration.class, null).forEach((type) -> {
			if (type.startsWith("io.github.contextvars.")) {
				own.add(type);
			}
		});
		return own;
	}

	private Map<Row, List<String>> run(String... properties) throws Exception {
		ThreadLocalValues.set("mallory"); // for runners, which run on the main thread
		ConfigurableApplicationContext app;
		try {
			app = new SpringApplicationBuilder(MatrixApplication.class).properties("server.port=0",
					"spring.main.banner-mode=off", "tests.topic=" + this.broker.createTopic(1),
					"tests.rabbit=" + Services.RABBITMQ.isThere(), "tests.redis=" + Services.REDIS.isThere(),
					"tests.frameworks=kafka,amqp,artemis,jms,data.redis,integration,quartz,grpc,graphql,websocket,cloud,resilience4j,pulsar",
					"spring.artemis.embedded.queues=matrix", "spring.grpc.server.port=0",
					"spring.grpc.server.inprocess.name=matrix", "spring.grpc.server.shutdown.grace-period=0s",
					"spring.graphql.schema.locations=classpath:compatibility/",
					"spring.kafka.listener.observation-enabled=true", "spring.reactor.context-propagation=auto",
					"spring.rabbitmq.listener.simple.observation-enabled=true")
				.properties(this.broker.properties())
				.properties(properties)
				.run();
		}
		finally {
			ThreadLocalValues.clear();
		}
		Map<Row, List<String>> cells = new LinkedHashMap<>();
		try (app) {
			for (Row row : this.rows) {
				if (row.isPossible()) {
					cells.put(row, run(app, row));
				}
			}
		}
		return cells;
	}

	// Without the library, an @Async method cannot return a ContextFuture.
	private static List<String> run(ConfigurableApplicationContext app, Row row) throws Exception {
		try {
			row.scenario().run(app);
		}
		catch (ClassCastException ex) {
			return Collections.nCopies(5, ex.toString());
		}
		return seen(app).await(row.key());
	}

	private interface Scenario {

		void run(ConfigurableApplicationContext app) throws Exception;

	}

	private record Row(String name, boolean copies, String key, Scenario scenario) {

		boolean isPossible() {
			return (!this.key.equals("rabbit") || Services.RABBITMQ.isThere())
					&& (!this.key.startsWith("redis") || Services.REDIS.isThere());
		}

		// What is traced runs in its framework's own observation, and in no other.
		List<Boolean> right(List<String> values) {
			boolean traced = TRACED.contains(this.key);
			return IntStream.range(0, values.size()).mapToObj((i) -> {
				String value = values.get(i);
				if (this.copies) {
					return value.equals("alice") || value.equals("own alice");
				}
				return (traced && i == ThreadLocalValues.NAMES.indexOf("observation")) ? value.startsWith("own")
						: value.equals("-");
			}).toList();
		}

		@Override
		public String toString() {
			return this.name;
		}

	}

}

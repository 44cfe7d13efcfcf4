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
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.batch.core.launch.JobOperator;
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
import io.github.contextvars.spring.testing.SharedAccessor;
import io.github.contextvars.spring.testing.ThreadLocalValues;
import io.github.contextvars.spring.threadlocal.MatrixApplication.Seen;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the code of each row of the propagation table has in the five {@link ThreadLocal}s
 * that have names, beside what it has without the library.
 */
@Tag("stress")
class ThreadLocalMatrixTests {

	// A container of messages begins its observation before the library is called, Batch
	// before it hands over.
	private static final Set<String> TRACED = Set.of("scheduled", "kafka", "rabbit", "jms", "pulsar", "call", "locked",
			"processor");

	private static final Scenario NOTHING = (app) -> {
	};

	private static final String PAGE = "docs/reference/thread-locals.md";

	private static final String LIBRARY = "contextvars.thread-locals=" + String.join(",", ThreadLocalValues.NAMES);

	private final List<Row> rows = new ArrayList<>();

	private KafkaBroker broker;

	ThreadLocalMatrixTests() {
		begins("Filters after", "Filters after the library's", "request", get("/servlet"));
		copies("`Callable`, `WebAsyncTask`", "`Callable`", "callable", get("/callable"));
		copies("`Callable`, `WebAsyncTask`", "`WebAsyncTask` on an executor that is no bean", "web task", get("/task"));
		copies("`Callable`, `WebAsyncTask`", "`StreamingResponseBody`", "streaming", get("/streaming"));
		copies("`onTimeout`, `onError`", "`onCompletion` of `DeferredResult`", "deferred", get("/deferred"));
		copies("`DeferredResultProcessingInterceptor`", "`DeferredResultProcessingInterceptor`", "deferred interceptor",
				get("/deferred"));
		copies("Callbacks of an `AsyncListener`", "`AsyncListener`", "async listener of servlet", get("/servlet"));
		copies("Callbacks of an `AsyncListener`", "`ReadListener`", "read listener", post("/io", "text/plain", "text"));
		copies("Callbacks of an `AsyncListener`", "`WriteListener`", "write listener", NOTHING);
		copies("`@Async` methods on", "`@Async` method", "async",
				asAlice((app) -> app.getBean(MatrixApplication.Tasks.class).async()));
		copies("The application's own `TaskDecorator`", "The application's own `TaskDecorator`", "task decorator",
				asAlice((app) -> app.getBean(MatrixApplication.Tasks.class).async()));
		copies("The `AsyncUncaughtExceptionHandler`", "`AsyncUncaughtExceptionHandler`", "async exception handler",
				asAlice((app) -> app.getBean(MatrixApplication.Tasks.class).failing()));
		copies("Tasks of an `Executor`", "Task of an `ExecutorService` bean", "executor",
				asAlice((app) -> app.getBean("pool", ExecutorService.class).execute(() -> seen(app).here("executor"))));
		copies("`CompletableFuture.…Async`", "`CompletableFuture.…Async` on an executor bean", "future",
				asAlice((app) -> CompletableFuture.runAsync(() -> seen(app).here("future"),
						app.getBean("pool", ExecutorService.class))));
		copies("Stages that its caller", "Stage of the `ContextFuture` of an `@Async` method", "stage",
				asAlice((app) -> {
					MatrixApplication.Tasks tasks = app.getBean(MatrixApplication.Tasks.class);
					tasks.later().thenRun(() -> seen(app).here("stage"));
					tasks.stagesAreRegistered();
				}));
		copies("Stages of a [`ContextFuture`]", "Stage of a `ContextFuture` that another thread completes",
				"context future", asAlice((app) -> {
					ContextFuture<String> future = new ContextFuture<>();
					future.thenRun(() -> seen(app).here("context future"));
					app.getBean(MatrixApplication.Foreign.class).executor().execute(() -> future.complete(""));
				}));
		copies("Tasks of an executor that", "Task of an executor that `ContextExecutors` wraps", "wrapped executor",
				asAlice((app) -> ContextExecutors.wrap(app.getBean(MatrixApplication.Foreign.class).executor())
					.execute(() -> seen(app).here("wrapped executor"))));
		copies("`StructuredTaskScope`", "Thread of a factory that `ContextExecutors` wraps", "thread",
				asAlice((app) -> ContextExecutors.wrap(MatrixApplication.pollutedThreads("thread"))
					.newThread(() -> seen(app).here("thread"))
					.start()));
		copies("`TaskScheduler.schedule…`", "`TaskScheduler.schedule`", "schedule",
				asAlice((app) -> app.getBean("taskScheduler", ThreadPoolTaskScheduler.class)
					.schedule(() -> seen(app).here("schedule"), Instant.now())));
		begins("Each run of a `@Scheduled` method:", "`@Scheduled` method", "scheduled", NOTHING);
		begins("Each firing of a Quartz", "Quartz job", "job",
				(app) -> app.getBean(Scheduler.class)
					.scheduleJob(JobBuilder.newJob(MatrixFrameworks.Firing.class).build(),
							TriggerBuilder.newTrigger().startNow().build()));
		begins("Each `ApplicationRunner`", "`ApplicationRunner`", "runner", NOTHING);
		begins("Each listener of `ApplicationReadyEvent`", "Listener of `ApplicationReadyEvent`", "ready", NOTHING);
		begins("The construction of a singleton", "Construction of a singleton", "singleton",
				asMallory((app) -> app.getBean("lazySingleton", StringBuilder.class)));
		begins("Each record, or batch, of a Kafka", "Kafka record", "kafka", (app) -> app.getBean(KafkaTemplate.class)
			.send(app.getEnvironment().getRequiredProperty("tests.topic"), "text"));
		begins("Each message of a RabbitMQ", "RabbitMQ message", "rabbit", (app) -> app.getBean(RabbitTemplate.class)
			.convertAndSend(app.getBean("matrixQueue", Queue.class).getName(), "text"));
		copies("Each part of a RabbitMQ batch", "Part of a RabbitMQ batch", "rabbit part",
				MatrixFrameworks.Rabbit::sendBatch);
		begins("What a Kafka container does between", "Kafka: deserializer", "kafka deserializer", NOTHING);
		begins("Each message of a JMS", "JMS message", "jms",
				(app) -> app.getBean(JmsTemplate.class).convertAndSend("matrix", "text"));
		begins("Each message, or batch, of a Pulsar", "Pulsar message", "pulsar",
				(app) -> app.getBean(PulsarTopics.class).send("matrix", "text", null));
		begins("Each message of a Redis", "Redis message of a channel", "redis",
				(app) -> app.getBean(StringRedisTemplate.class).convertAndSend("matrix", "text"));
		begins("Each message of a Redis", "Redis record of a stream", "redis stream",
				(app) -> app.getBean(StringRedisTemplate.class)
					.opsForStream()
					.add(MatrixFrameworks.Redis.STREAM, Map.of("key", "value")));
		copies("Each message that an endpoint polls from a `QueueChannel`", "Integration: `QueueChannel`",
				"queue channel", send("queued"));
		copies("Each message of an `ExecutorChannel`", "Integration: `ExecutorChannel`", "executor channel",
				send("executed"));
		copies("Each message of an `ExecutorChannel`", "Integration: `PublishSubscribeChannel` with an executor",
				"publish channel", send("published"));
		copies("Each message of a `PartitionedChannel`", "Integration: `PartitionedChannel`", "partitioned channel",
				send("partitioned"));
		begins("Each message that an endpoint polls from a message store", "Integration: source", "source", NOTHING);
		begins("Each message that an endpoint polls from a message store", "Integration: message store",
				"message store", send("stored"));
		begins("The poller's advice", "Integration: advice of a poller", "poller advice", NOTHING);
		begins("The poller's advice", "Integration: error channel of a poller", "poller error", NOTHING);
		copies("Calls of a gateway", "Integration: gateway that returns a `Future`", "gateway",
				asAlice((app) -> app.getBean(MatrixFrameworks.Calls.class).call("text")));
		copies("Handshake interceptors", "WebSocket: `afterConnectionEstablished`", "session", socket("/raw", "text"));
		copies("Every later message", "WebSocket: message", "socket message", NOTHING);
		copies("Every later STOMP", "STOMP: `@MessageMapping`", "frame",
				socket("/stomp", "CONNECT\naccept-version:1.2\n\n\0", "SEND\ndestination:/frame\n\ntext\0"));
		copies("`@OnOpen`", "`@ServerEndpoint`: `@OnOpen`", "open", socket("/endpoint", "text"));
		copies("`@OnMessage`", "`@ServerEndpoint`: `@OnMessage`", "endpoint message", NOTHING);
		begins("All interceptors of a call", "gRPC call", "call", ThreadLocalMatrixTests::call);
		copies("`@Async @EventListener`", "Listener on an executor: `@Async @EventListener`", "async listener",
				asAlice((app) -> app.publishEvent(new MatrixApplication.Published())));
		copies("Listeners that an event multicaster", "Listener on the executor of an event multicaster", "listener",
				asAlice((app) -> app.publishEvent(new MatrixApplication.Published())));
		copies("`Mono` and `Flux` of", "Reactor operator, in automatic mode", "operator",
				asAlice((app) -> Mono.fromRunnable(() -> seen(app).here("operator"))
					.subscribeOn(Schedulers.fromExecutor(app.getBean(MatrixApplication.Foreign.class).executor()))
					.contextCapture()
					.block()));
		copies("A `Callable`, `Mono`", "`Callable` of a `@ContextScoped` method", "scoped callable",
				asAlice((app) -> app.getBean(MatrixApplication.Foreign.class)
					.executor()
					.submit(app.getBean(MatrixApplication.Tasks.class).scoped())));
		copies("`@ContextScoped` methods", "`@ContextScoped` method, which keeps its caller's values", "scoped",
				asAlice((app) -> app.getBean(MatrixApplication.Tasks.class).scoped()));
		copies("Micrometer's `ContextSnapshot`", "Micrometer's `ContextSnapshot`", "snapshot",
				asAlice((app) -> app.getBean(MatrixApplication.Foreign.class)
					.executor()
					.execute(ContextSnapshotFactory.builder()
						.clearMissing(true)
						.build()
						.captureAll()
						.wrap(() -> seen(app).here("snapshot")))));
		copies("Data fetchers of Spring for GraphQL in", "GraphQL: data fetcher on an executor bean", "fetcher",
				post("/graphql", "application/json", "{\"query\":\"{ tenant }\"}"));
		copies("Data fetchers and batch loaders",
				"GraphQL: data fetcher behind an interceptor that goes on on another thread", "interceptor",
				post("/graphql", "application/json", "{\"query\":\"{ laterTenant }\"}"));
		copies("Tasks of thread-pool", "Resilience4j: thread-pool bulkhead", "bulkhead", asAlice(
				(app) -> app.getBean(ThreadPoolBulkhead.class).executeRunnable(() -> seen(app).here("bulkhead"))));
		copies("The fallback method", "Resilience4j: fallback of a method that returns a `CompletionStage`", "fallback",
				asAlice((app) -> {
					CompletableFuture<String> failing = new CompletableFuture<>();
					app.getBean(MatrixLibraries.Guarded.class).call(failing);
					app.getBean(MatrixApplication.Foreign.class)
						.executor()
						.execute(() -> failing.completeExceptionally(new IllegalStateException("planned")));
				}));
		copies("What `CircuitBreaker.run`", "Spring Cloud: `CircuitBreaker.run`", "circuit breaker",
				asAlice((app) -> app.getBean(Resilience4JCircuitBreakerFactory.class).create("any").run(() -> {
					seen(app).here("circuit breaker");
					return "";
				})));
		copies("Steps of a Spring Batch job", "Spring Batch: processor on an executor bean", "processor",
				asAlice((app) -> app.getBean(JobOperator.class).start(app.getBean(Job.class), new JobParameters())));
		begins("Each run of a `@Scheduled` method that ShedLock", "ShedLock: locked method", "locked", NOTHING);
		copies("`@ApplicationModuleListener`", "Spring Modulith: `@ApplicationModuleListener`", "module listener",
				MatrixLibraries::publishToModule);
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

	@Test
	void everyLineOfThePropagationTableThatCopiesOrBeginsIsTried() throws Exception {
		List<String> lines = Files.readString(Path.of("..", "docs/reference/propagation.md"))
			.lines()
			.takeWhile((line) -> !line.startsWith("## Spring WebFlux"))
			.filter((line) -> line.matches("\\| [^|]+ \\| [^|]*\\b(copy|fresh|empty at first)\\b[^|]*\\|.*"))
			.map((line) -> line.substring(2))
			.toList();
		assertThat(lines).hasSizeGreaterThan(40)
			.allSatisfy((line) -> assertThat(this.rows).as(line).anyMatch((row) -> line.startsWith(row.line())));
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

	// The first text is the beginning of a line of the propagation table.
	private void copies(String line, String name, String key, Scenario scenario) {
		this.rows.add(new Row(line, name, true, key, scenario));
	}

	private void begins(String line, String name, String key, Scenario scenario) {
		this.rows.add(new Row(line, name, false, key, scenario));
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

	private static Scenario post(String path, String type, String body) {
		return (app) -> HttpClient.newHttpClient()
			.send(HttpRequest.newBuilder(uri(app, "http", path))
				.header("Accept-Language", "und-x-alice")
				.header("Content-Type", type)
				.POST(HttpRequest.BodyPublishers.ofString(body))
				.build(), HttpResponse.BodyHandlers.discarding());
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
		SharedAccessor.acquire();
		ThreadLocalValues.set("mallory"); // for runners, which run on the main thread
		ConfigurableApplicationContext app;
		try {
			app = new SpringApplicationBuilder(MatrixApplication.class).properties("server.port=0",
					"spring.main.banner-mode=off", "tests.topic=" + this.broker.createTopic(1),
					"tests.rabbit=" + Services.RABBITMQ.isThere(), "tests.redis=" + Services.REDIS.isThere(),
					"tests.frameworks=jdbc,batch,kafka,amqp,artemis,jms,data.redis,integration,quartz,grpc,graphql,websocket,cloud,resilience4j,pulsar",
					"spring.artemis.embedded.queues=matrix", "spring.grpc.server.port=0",
					"spring.grpc.server.inprocess.name=matrix", "spring.grpc.server.shutdown.grace-period=0s",
					"spring.graphql.schema.locations=classpath:compatibility/",
					"spring.kafka.listener.observation-enabled=true", "spring.reactor.context-propagation=auto",
					"spring.rabbitmq.listener.simple.observation-enabled=true", "spring.batch.job.enabled=false",
					"spring.datasource.generate-unique-name=true")
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
		finally {
			SharedAccessor.release();
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

	private record Row(String line, String name, boolean copies, String key, Scenario scenario) {

		boolean isPossible() {
			return (!this.key.startsWith("rabbit") || Services.RABBITMQ.isThere())
					&& (!this.key.startsWith("redis") || Services.REDIS.isThere());
		}

		// What is traced runs in its framework's own observation, and in no other.
		List<Boolean> right(List<String> values) {
			boolean traced = TRACED.contains(this.key);
			return IntStream.range(0, values.size()).mapToObj((i) -> {
				String value = values.get(i);
				if (traced && i == ThreadLocalValues.NAMES.indexOf("observation")) {
					return value.startsWith("own");
				}
				return this.copies ? value.equals("alice") || value.equals("own alice") : value.equals("-");
			}).toList();
		}

		@Override
		public String toString() {
			return this.name;
		}

	}

}

package io.github.contextvars.spring.docs;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import com.google.common.util.concurrent.SettableFuture;
import com.sun.net.httpserver.HttpServer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.cache.caffeine.CaffeineCacheManager;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.mock.MockProducerFactory;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextFuture;
import io.github.contextvars.ContextVar;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What docs/reference/propagation.md lists under "What does not propagate": that it does
 * not, and that the line beside it does.
 */
class PropagationExamplesTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "public");

	private final ExecutorService pool = Executors.newSingleThreadExecutor();

	private final ExecutorService servers = Executors.newFixedThreadPool(2);

	private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);

	private Context.Scope request;

	@BeforeEach
	void enterContext() {
		this.request = new Context().enter();
		TENANT.set("acme");
	}

	@AfterEach
	void leaveContext() {
		this.request.close();
		this.pool.shutdownNow();
		this.servers.shutdownNow();
		this.timer.shutdownNow();
	}

	@Test
	void newThread() throws Exception {
		CompletableFuture<String> lost = new CompletableFuture<>();
		CompletableFuture<String> propagated = new CompletableFuture<>();

		new Thread(() -> lost.complete(TENANT.get())).start();
		Runnable task = () -> propagated.complete(TENANT.get());
		new Thread(Context.copyOfCurrent().wrap(task)).start();

		assertThat(lost.get(10, TimeUnit.SECONDS)).isEqualTo("public");
		assertThat(propagated.get(10, TimeUnit.SECONDS)).isEqualTo("acme");
	}

	@Test
	void commonPool() {
		Supplier<String> supplier = TENANT::get;

		assertThat(CompletableFuture.supplyAsync(supplier).join()).isEqualTo("public");
		assertThat(CompletableFuture.supplyAsync(Context.copyOfCurrent().wrapSupplier(supplier)).join())
			.isEqualTo("acme");
	}

	@Test
	void parallelStream() {
		Function<Integer, String> function = (number) -> TENANT.get();

		Set<String> seen = IntStream.range(0, 1000)
			.boxed()
			.parallel()
			.map(Context.copyOfCurrent().wrapFunction(function))
			.collect(Collectors.toSet());

		assertThat(seen).containsExactly("acme");
	}

	@Test
	void cancellationListenerOfGrpc() {
		io.grpc.Context.CancellableContext grpcContext = io.grpc.Context.current().withCancellation();
		Executor executor = this.pool;
		CompletableFuture<String> lost = new CompletableFuture<>();
		CompletableFuture<String> propagated = new CompletableFuture<>();

		grpcContext.addListener((cancelled) -> lost.complete(TENANT.get()), executor);
		io.grpc.Context.CancellationListener listener = (cancelled) -> propagated.complete(TENANT.get());
		grpcContext.addListener(listener, ContextExecutors.fixed(executor, Context.copyOfCurrent()));
		grpcContext.cancel(null);

		assertThat(lost.join()).isEqualTo("public");
		assertThat(propagated.join()).isEqualTo("acme");
	}

	@Test
	void executorThatIsNoBean() {
		Executor executor = this.pool;
		Supplier<String> supplier = TENANT::get;

		assertThat(CompletableFuture.supplyAsync(supplier, executor).join()).isEqualTo("public");
		assertThat(CompletableFuture.supplyAsync(supplier, ContextExecutors.wrap(executor)).join()).isEqualTo("acme");
	}

	@Test
	void schedulerThatIsNoBean() throws Exception {
		ScheduledExecutorService scheduler = this.timer;
		CompletableFuture<String> lost = new CompletableFuture<>();
		CompletableFuture<String> propagated = new CompletableFuture<>();

		scheduler.schedule(() -> lost.complete(TENANT.get()), 1, TimeUnit.MILLISECONDS);
		Runnable task = () -> propagated.complete(TENANT.get());
		scheduler.schedule(Context.copyOfCurrent().wrap(task), 1, TimeUnit.MILLISECONDS);

		assertThat(lost.get(10, TimeUnit.SECONDS)).isEqualTo("public");
		assertThat(propagated.get(10, TimeUnit.SECONDS)).isEqualTo("acme");
	}

	@Test
	void stageOfFutureThatAnotherThreadCompletes() throws Exception {
		CompletableFuture<String> future = new CompletableFuture<>();
		Executor executor = ContextExecutors.wrap(this.pool);
		Function<String, String> function = (text) -> text + TENANT.get();

		CompletableFuture<String> lost = future.thenApplyAsync(function, executor);
		List<CompletableFuture<String>> propagated = List.of(ContextFuture.from(future).thenApply(function),
				ContextFuture.from(future).thenApplyAsync(function, executor));
		new Thread(() -> future.complete("for ")).start();

		assertThat(lost.get(10, TimeUnit.SECONDS)).isEqualTo("for public");
		for (CompletableFuture<String> stage : propagated) {
			assertThat(stage.get(10, TimeUnit.SECONDS)).isEqualTo("for acme");
		}
	}

	@Test
	void stageOfFutureThatAnotherRequestCompletes() {
		CompletableFuture<String> future = new CompletableFuture<>();
		Function<String, String> function = (text) -> text + TENANT.get();

		CompletableFuture<String> bled = future.thenApply(function);
		CompletableFuture<String> propagated = ContextFuture.from(future).thenApply(function);
		CompletableFuture<String> wrapped = future.thenApply(Context.copyOfCurrent().wrapFunction(function));
		new Context().run(() -> {
			TENANT.set("globex");
			future.complete("for ");
		});

		assertThat(bled.join()).isEqualTo("for globex");
		assertThat(propagated.join()).isEqualTo("for acme");
		assertThat(wrapped.join()).isEqualTo("for acme");
	}

	@Test
	void futureOfGuavaThatAnotherRequestCompletes() {
		SettableFuture<String> source = SettableFuture.create();
		com.google.common.base.Function<String, String> function = (text) -> text + TENANT.get();

		ListenableFuture<String> bled = Futures.transform(source, function, MoreExecutors.directExecutor());
		ListenableFuture<String> propagated = Futures.transform(source, function,
				ContextExecutors.fixed(MoreExecutors.directExecutor(), Context.copyOfCurrent()));
		new Context().run(() -> {
			TENANT.set("globex");
			source.set("for ");
			assertThat(TENANT.get()).isEqualTo("globex");
		});

		assertThat(Futures.getUnchecked(bled)).isEqualTo("for globex");
		assertThat(Futures.getUnchecked(propagated)).isEqualTo("for acme");
	}

	@Test
	void callbackOfKafkasProducer() throws Exception {
		MockProducer<String, String> producer = new MockProducer<>(Cluster.empty(), false, null, new StringSerializer(),
				new StringSerializer());
		KafkaTemplate<String, String> kafkaTemplate = new KafkaTemplate<>(new MockProducerFactory<>(() -> producer));
		ProducerRecord<String, String> record = new ProducerRecord<>("orders", "7");
		CompletableFuture<String> lost = new CompletableFuture<>();
		CompletableFuture<String> propagated = new CompletableFuture<>();

		kafkaTemplate.send(record).whenComplete((result, failure) -> lost.complete(TENANT.get()));
		BiConsumer<Object, Throwable> callback = (result, failure) -> propagated.complete(TENANT.get());
		ContextFuture.from(kafkaTemplate.send(record)).whenComplete(callback);
		Thread sender = new Thread(() -> {
			producer.completeNext();
			producer.completeNext();
		});
		sender.start();

		assertThat(lost.get(10, TimeUnit.SECONDS)).isEqualTo("public");
		assertThat(propagated.get(10, TimeUnit.SECONDS)).isEqualTo("acme");
	}

	@Test
	void stageOfHttpClient() throws Exception {
		CountDownLatch registered = new CountDownLatch(1);
		HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		server.createContext("/", (exchange) -> {
			awaitUninterruptibly(registered);
			exchange.sendResponseHeaders(200, -1);
			exchange.close();
		});
		server.setExecutor(this.servers);
		server.start();
		try {
			HttpClient client = HttpClient.newHttpClient();
			HttpRequest request = HttpRequest
				.newBuilder(URI.create("http://localhost:" + server.getAddress().getPort() + "/"))
				.build();
			BodyHandler<Void> handler = BodyHandlers.discarding();
			Function<HttpResponse<Void>, String> function = (response) -> response.statusCode() + TENANT.get();

			List<CompletableFuture<String>> stages = new ArrayList<>();
			stages.add(client.sendAsync(request, handler).thenApply(function));
			stages.add(ContextFuture.from(client.sendAsync(request, handler)).thenApply(function));
			registered.countDown();

			assertThat(stages.get(0).get(10, TimeUnit.SECONDS)).isEqualTo("200public");
			assertThat(stages.get(1).get(10, TimeUnit.SECONDS)).isEqualTo("200acme");
		}
		finally {
			server.stop(0);
		}
	}

	private static void awaitUninterruptibly(CountDownLatch latch) {
		try {
			assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void bodyOfCacheableMethodOnAsynchronousCaffeine() {
		Executor executor = this.pool;
		Callable<String> body = TENANT::get;
		CaffeineCacheManager manager = new CaffeineCacheManager();
		manager.setAsyncCacheMode(true);

		assertThat(manager.getCache("lost").get("key", body)).isEqualTo("public");
		manager.setCaffeine(Caffeine.newBuilder().executor(ContextExecutors.wrap(executor)));
		assertThat(manager.getCache("propagated").get("key", body)).isEqualTo("acme");
	}

	@Test
	void clientCallback() throws Exception {
		CompletableFuture<String> propagated = new CompletableFuture<>();
		Client client = new Client();

		Consumer<String> callback = (response) -> propagated.complete(response + TENANT.get());
		client.onResponse(Context.copyOfCurrent().wrapConsumer(callback));

		assertThat(propagated.get(10, TimeUnit.SECONDS)).isEqualTo("response for acme");
	}

	private static final class Client {

		void onResponse(Consumer<String> callback) {
			new Thread(() -> callback.accept("response for ")).start();
		}

	}

}

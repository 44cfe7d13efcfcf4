package io.github.contextvars.spring.docs;

import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import com.github.benmanes.caffeine.cache.Caffeine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.cache.caffeine.CaffeineCacheManager;

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
		new Context().run(() -> {
			TENANT.set("globex");
			future.complete("for ");
		});

		assertThat(bled.join()).isEqualTo("for globex");
		assertThat(propagated.join()).isEqualTo("for acme");
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

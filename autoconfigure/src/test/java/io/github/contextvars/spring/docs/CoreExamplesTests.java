package io.github.contextvars.spring.docs;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextFuture;
import io.github.contextvars.ContextVar;
import io.github.contextvars.Token;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The examples of docs/reference/core.md, docs/explanation/model.md and
 * docs/how-to/completable-future.md.
 */
class CoreExamplesTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "public");

	private static final ContextVar<String> STEP = ContextVar.of("step", "none");

	private final ExecutorService pool = Executors.newFixedThreadPool(2);

	private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);

	private final ExecutorService serial = Executors.newSingleThreadExecutor();

	@AfterEach
	void shutDown() {
		List.of(this.pool, this.timer, this.serial).forEach(ExecutorService::shutdownNow);
	}

	@Test
	void contextsAndTokens() {
		// tag::core-context[]
		ContextVar<String> user = ContextVar.of("user", "anonymous");
		Context context = new Context();

		context.run(() -> user.set("ada"));

		assertThat(user.get()).isEqualTo("anonymous");
		assertThat(context.get(user)).isEqualTo("ada");
		// end::core-context[]

		// tag::core-token[]
		context.run(() -> {
			try (Token<String> token = user.set("grace")) {
				assertThat(user.get()).isEqualTo("grace");
			}
			assertThat(user.get()).isEqualTo("ada");
		});
		// end::core-token[]
	}

	@Test
	void contextsReplaceEachOther() {
		// tag::model-replace[]
		Context outer = new Context();
		outer.run(() -> {
			TENANT.set("acme");
			new Context().run(() -> assertThat(TENANT.get()).isEqualTo("public"));
			outer.copy().run(() -> assertThat(TENANT.get()).isEqualTo("acme"));
		});
		// end::model-replace[]
	}

	@Test
	void executors() throws Exception {
		List<String> seen = new Context().call(() -> {
			TENANT.set("acme");
			// tag::core-executors[]
			// A copy of the submitter's context, taken at each submission.
			ExecutorService executor = ContextExecutors.wrap(this.pool);
			ScheduledExecutorService scheduler = ContextExecutors.wrap(this.timer);

			// The same values for each task, on whatever thread it is submitted.
			Executor fixed = ContextExecutors.fixed(this.pool, Context.copyOfCurrent());

			// One context for all tasks, which must run one after the other: for event
			// loops.
			Executor loop = ContextExecutors.within(this.serial, new Context());

			// A copy of the context in which newThread() is called: for threads that do
			// one task.
			ThreadFactory threads = ContextExecutors.wrap(Executors.defaultThreadFactory());
			// end::core-executors[]
			CompletableFuture<String> thread = new CompletableFuture<>();
			threads.newThread(() -> thread.complete(TENANT.get())).start();
			CompletableFuture.runAsync(() -> STEP.set("first"), loop).join();
			return List.of(executor.submit(() -> TENANT.get()).get(10, TimeUnit.SECONDS),
					scheduler.schedule(() -> TENANT.get(), 1, TimeUnit.MILLISECONDS).get(10, TimeUnit.SECONDS),
					CompletableFuture.supplyAsync(TENANT::get, fixed).join(),
					CompletableFuture.supplyAsync(STEP::get, loop).join(), thread.get(10, TimeUnit.SECONDS));
		});
		assertThat(seen).containsExactly("acme", "acme", "acme", "first", "acme");
	}

	@Test
	void stagesKeepContextOfRegistration() throws Exception {
		CompletableFuture<String> order = new CompletableFuture<>();
		Function<String, String> price = (item) -> item + " at the price of " + TENANT.get();
		Function<String, String> invoice = (priced) -> priced + ", invoiced by " + TENANT.get();
		CompletableFuture<String> result = new Context().call(() -> {
			TENANT.set("acme");
			// tag::future-stages[]
			Context context = Context.copyOfCurrent();
			Executor executor = ContextExecutors.fixed(this.pool, context);

			CompletableFuture<String> invoiced = order.thenApply(context.wrapFunction(price))
				.thenApplyAsync(invoice, executor);
			// end::future-stages[]
			return invoiced;
		});

		CompletableFuture<String> ofContextFuture = new Context().call(() -> {
			TENANT.set("acme");
			// tag::future-context[]
			ContextFuture<String> invoiced = ContextFuture.from(order)
				.thenApply(price)
				.thenApplyAsync(invoice, this.pool);
			// end::future-context[]
			return invoiced;
		});

		new Thread(() -> order.complete("Anvil")).start();

		assertThat(result.get(10, TimeUnit.SECONDS)).isEqualTo("Anvil at the price of acme, invoiced by acme");
		assertThat(ofContextFuture.get(10, TimeUnit.SECONDS)).isEqualTo(result.get());
	}

	@Test
	void fallbackAfterTimeoutKeepsContextOfRegistration() throws Exception {
		assertThat(offer("acme", CompletableFuture.completedFuture(3), Duration.ofMinutes(1)).get(10, TimeUnit.SECONDS))
			.isEqualTo("3 times Anvil for acme");
		assertThat(offer("globex", new CompletableFuture<>(), Duration.ofMillis(1)).get(10, TimeUnit.SECONDS))
			.isEqualTo("Nothing for globex");
	}

	private ContextFuture<String> offer(String tenant, CompletableFuture<Integer> stock, Duration timeout) {
		return new Context().call(() -> {
			TENANT.set(tenant);
			// tag::future-fallback[]
			ContextFuture<String> offer = ContextFuture.supplyAsync(() -> "Anvil for " + TENANT.get(), this.pool)
				.thenCombine(stock, (item, count) -> count + " times " + item)
				.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
				.exceptionally((failure) -> "Nothing for " + TENANT.get());
			// end::future-fallback[]
			return offer;
		});
	}

	@Test
	void taskOfFutureSeesSubmittersContext() {
		new Context().run(() -> {
			TENANT.set("acme");
			// tag::future-supply[]
			Executor executor = ContextExecutors.wrap(this.pool);
			CompletableFuture<String> future = CompletableFuture.supplyAsync(() -> TENANT.get(), executor);
			// end::future-supply[]
			assertThat(future.join()).isEqualTo("acme");
		});
	}

}

package io.github.contextvars.spring.scoped;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.test.util.ReflectionTestUtils;
import org.springframework.web.context.request.async.DeferredResult;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsScopedAutoConfiguration;
import io.github.contextvars.spring.testing.ThreadContextProbe;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class AsyncReturnValuesTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private static final ContextVar<Object> VALUE = ContextVar.of("value");

	private final WorkRegistry live = WorkRegistry.tracking();

	private final ExecutorService raw = Executors.newSingleThreadExecutor();

	private AnnotationConfigApplicationContext context;

	private Work work;

	@BeforeEach
	void start() {
		Hooks.enableAutomaticContextPropagation();
		this.context = new AnnotationConfigApplicationContext();
		this.context.registerBean(WorkRegistry.class, () -> this.live);
		this.context.register(ContextVarsScopedAutoConfiguration.class, Work.class);
		this.context.refresh();
		this.work = this.context.getBean(Work.class);
	}

	@AfterEach
	void stop() throws Exception {
		assertThat(this.raw.submit(ThreadContextProbe::isInContext).get(30, TimeUnit.SECONDS)).isFalse();
		assertThat(ThreadContextProbe.isInContext()).isFalse();
		Hooks.disableAutomaticContextPropagation();
		this.raw.shutdownNow();
		this.context.close();
	}

	@Test
	void reasonToRefuseSaysWhatIsWrong() {
		assertThat(AsyncReturnValues.reasonToRefuse(Callable.class, false)).isNull();
		assertThat(AsyncReturnValues.reasonToRefuse(OwnCallable.class, false)).contains("declared as a Callable");
		assertThat(AsyncReturnValues.reasonToRefuse(Future.class, false)).contains("nothing tells when it is done");
		assertThat(AsyncReturnValues.reasonToRefuse(Future.class, true)).isNull();
	}

	@Test
	void stageIsHeldUntilItCompletes() {
		CompletableFuture<String> stage = new CompletableFuture<>();
		assertThat(this.work.stage(stage)).isSameAs(stage);
		assertThat(this.live.list()).extracting(UnitOfWork::origin).containsExactly("Work.stage");
		assertThat(this.live.list().get(0).thread()).isNull();
		assertThat(this.live.list().get(0).context().get(TENANT)).isEqualTo("scope");

		stage.complete("done");

		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void stageIsReleasedOnFailureAndCancel() {
		CompletableFuture<String> failing = new CompletableFuture<>();
		CompletableFuture<String> cancelled = new CompletableFuture<>();
		this.work.stage(failing);
		this.work.stage(cancelled);
		assertThat(this.live.list()).hasSize(2);

		failing.completeExceptionally(new IllegalStateException("planned"));
		cancelled.cancel(true);

		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void abandonedStageIsForgotten() {
		this.work.stage(new CompletableFuture<>());

		Awaitility.await().until(() -> {
			System.gc();
			return this.live.list().isEmpty();
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "stage", "stage in its own variable", "mono", "deferred" })
	void valuesOfAbandonedResultsAreNotKeptUntilTheyAreListed(String kind) {
		List<WeakReference<Object>> values = new ArrayList<>();
		for (int i = 0; i < 300; i++) {
			values.add(new WeakReference<>(abandon(kind)));
		}

		Awaitility.await().untilAsserted(() -> {
			System.gc();
			this.live.create(UnitOfWork.Kind.TASK, () -> "next");
			assertThat(values).allMatch((value) -> value.refersTo(null));
			assertThat(ReflectionTestUtils.getField(ReflectionTestUtils.getField(this.live, "pending"), "entries"))
				.asInstanceOf(InstanceOfAssertFactories.MAP)
				.isEmpty();
		});
	}

	private Object abandon(String kind) {
		Object value = new Object();
		switch (kind) {
			case "stage" -> this.work.keep(new CompletableFuture<>(), value);
			case "stage in its own variable" -> {
				CompletableFuture<String> stage = new CompletableFuture<>();
				this.work.keep(stage, List.of(value, stage));
			}
			case "mono" -> this.work.keep(Mono.never(), value);
			default -> this.work.keep(new DeferredResult<>(), value);
		}
		return value;
	}

	@Test
	void deferredResultIsListedWhileItIsKept() {
		DeferredResult<String> deferred = this.work.deferred();
		WeakReference<Object> garbage = new WeakReference<>(new Object());
		Awaitility.await().until(() -> {
			System.gc();
			return garbage.get() == null;
		});

		assertThat(this.live.list()).hasSize(1);
		deferred.setResult("done");
		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void manyAbandonedStagesAreSweptWithoutBeingListed() {
		for (int i = 0; i < 1000; i++) {
			CompletableFuture<String> stage = new CompletableFuture<>();
			this.work.stage(stage);
			stage.complete("done");
		}
		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void callableRunsInTheScopesValues() throws Exception {
		Callable<String> callable = this.work.callable();

		assertThat(this.raw.submit(callable).get(30, TimeUnit.SECONDS)).isEqualTo("scope");
		assertThat(this.raw.submit(callable).get(30, TimeUnit.SECONDS)).isEqualTo("scope");
		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void callableThatFailsLeavesItsScope() {
		Callable<String> callable = this.work.failing();

		assertThatIllegalStateException().isThrownBy(callable::call).withMessage("planned");
		assertThat(TENANT.get()).isEqualTo("none");
	}

	@Test
	void deferredResultIsHeldUntilItIsSet() {
		DeferredResult<String> deferred = this.work.deferred();
		assertThat(this.live.list()).hasSize(1);

		deferred.setResult("done");

		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void monoRunsInTheScopesValuesOnWhicheverThread() {
		List<String> seen = Collections.synchronizedList(new ArrayList<>());
		Mono<String> mono = this.work.mono(seen, this.raw);
		assertThat(this.live.list()).hasSize(1);

		new Context().run(() -> {
			TENANT.set("subscriber");
			assertThat(mono.block()).isEqualTo("scope");
			assertThat(TENANT.get()).isEqualTo("subscriber");
		});

		assertThat(seen).containsExactly("scope", "scope");
		// The subscriber is told before the scope is released.
		Awaitility.await().until(() -> this.live.list().isEmpty());
	}

	@Test
	void fluxIsReleasedOnErrorAndCancel() throws Exception {
		CountDownLatch subscribed = new CountDownLatch(1);
		Flux<String> failing = this.work.flux(Flux.error(new IllegalStateException("planned")));
		Flux<String> endless = this.work.flux(Flux.<String>never().doOnSubscribe((s) -> subscribed.countDown()));
		assertThat(this.live.list()).hasSize(2);

		assertThatIllegalStateException().isThrownBy(failing::blockLast);
		Disposable subscription = endless.subscribe();
		assertThat(subscribed.await(30, TimeUnit.SECONDS)).isTrue();
		assertThat(this.live.list()).hasSize(1);
		subscription.dispose();

		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void fluxIsHeldWhileItsSubscriptionRunsAndNobodyKeepsIt() {
		Disposable subscription = this.work.flux(Flux.never()).subscribe();
		WeakReference<Object> garbage = new WeakReference<>(new Object());
		Awaitility.await().until(() -> {
			System.gc();
			return garbage.get() == null;
		});

		assertThat(this.live.list()).hasSize(1);
		subscription.dispose();
		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void stageThatSupportsNothingIsReturnedAsItIs() {
		CompletableFuture<String> strange = new CompletableFuture<>() {

			@Override
			public CompletableFuture<String> whenComplete(BiConsumer<? super String, ? super Throwable> action) {
				throw new UnsupportedOperationException("planned");
			}

		};
		assertThat(this.work.stage(strange)).isSameAs(strange);
		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void fluxSeesTheScopeInEachElement() {
		Flux<String> flux = this.work
			.flux(Flux.range(1, 3).publishOn(Schedulers.fromExecutor(this.raw)).map((number) -> number + TENANT.get()));

		assertThat(flux.collectList().block()).containsExactly("1scope", "2scope", "3scope");
	}

	static class Work {

		@ContextScoped
		CompletableFuture<String> stage(CompletableFuture<String> stage) {
			TENANT.set("scope");
			return stage;
		}

		@ContextScoped
		CompletableFuture<String> keep(CompletableFuture<String> stage, Object value) {
			VALUE.set(value);
			return stage;
		}

		@ContextScoped
		Mono<String> keep(Mono<String> mono, Object value) {
			VALUE.set(value);
			return mono;
		}

		@ContextScoped
		DeferredResult<String> keep(DeferredResult<String> deferred, Object value) {
			VALUE.set(value);
			return deferred;
		}

		@ContextScoped
		Callable<String> callable() {
			TENANT.set("scope");
			return () -> {
				String seen = TENANT.get();
				TENANT.set("changed");
				return seen;
			};
		}

		@ContextScoped
		Callable<String> failing() {
			TENANT.set("scope");
			return () -> {
				throw new IllegalStateException("planned");
			};
		}

		@ContextScoped
		DeferredResult<String> deferred() {
			TENANT.set("scope");
			return new DeferredResult<>();
		}

		@ContextScoped
		Mono<String> mono(List<String> seen, ExecutorService executor) {
			TENANT.set("scope");
			return Mono.fromSupplier(TENANT::get)
				.doOnNext(seen::add)
				.publishOn(Schedulers.fromExecutor(executor))
				.doOnNext((value) -> seen.add(TENANT.get()));
		}

		@ContextScoped
		Flux<String> flux(Flux<String> flux) {
			TENANT.set("scope");
			return flux;
		}

	}

	private interface OwnCallable extends Callable<String> {

	}

}

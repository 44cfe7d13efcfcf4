package io.github.contextvars.spring.resilience;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.github.resilience4j.bulkhead.ThreadPoolBulkhead;
import io.github.resilience4j.bulkhead.ThreadPoolBulkheadConfig;
import io.github.resilience4j.bulkhead.ThreadPoolBulkheadRegistry;
import io.github.resilience4j.bulkhead.annotation.Bulkhead;
import io.github.resilience4j.core.ContextPropagator;
import io.github.resilience4j.core.functions.CheckedSupplier;
import io.github.resilience4j.retry.annotation.Retry;
import io.github.resilience4j.spring6.fallback.CompletionStageFallbackDecorator;
import io.github.resilience4j.spring6.fallback.FallbackMethod;
import io.github.resilience4j.springboot.bulkhead.autoconfigure.BulkheadAutoConfiguration;
import io.github.resilience4j.springboot.circuitbreaker.autoconfigure.CircuitBreakerAutoConfiguration;
import io.github.resilience4j.springboot.retry.autoconfigure.RetryAutoConfiguration;
import io.github.resilience4j.springboot.scheduled.threadpool.autoconfigure.ContextAwareScheduledThreadPoolAutoConfiguration;
import io.github.resilience4j.springboot.timelimiter.autoconfigure.TimeLimiterAutoConfiguration;
import io.github.resilience4j.timelimiter.annotation.TimeLimiter;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.circuitbreaker.resilience4j.Resilience4JAutoConfiguration;
import org.springframework.cloud.circuitbreaker.resilience4j.Resilience4JCircuitBreakerFactory;
import org.springframework.cloud.client.circuitbreaker.CircuitBreaker;
import org.springframework.cloud.client.circuitbreaker.Customizer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.Order;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsResilienceAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

/**
 * What Resilience4j and Spring Cloud CircuitBreaker run on threads of their own.
 */
class ResiliencePropagationTests {

	private static final int UNITS = 240;

	private static ConfigurableApplicationContext application;

	@BeforeAll
	static void start() {
		application = start(Application.class);
	}

	@AfterAll
	static void close() {
		application.close();
	}

	@ParameterizedTest
	@ValueSource(strings = { "configured", "created late", "replaced", "bean" })
	void tasksOfBulkheadReadTheirSubmittersValues(String name) throws Exception {
		ThreadPoolBulkhead bulkhead = bulkhead(name);
		MixedWork work = new MixedWork();
		List<MixedWork.Unit> units = MixedWork.units(UNITS);

		for (MixedWork.Unit unit : units) {
			inContextOf(unit, () -> bulkhead.submit(() -> {
				work.see(unit.id(), "task");
				work.end(unit.id(), "end");
				failSometimes(unit);
			}));
		}

		work.assertSeen(units, (unit) -> List.of("task " + unit.expected(), "end " + unit.expected()));
		WorkerProbe.ofPool(poolOf(bulkhead)).assertClean();
	}

	@Test
	void annotatedMethodsReadTheirCallersValues() throws Exception {
		Annotated annotated = application.getBean(Annotated.class);
		List<MixedWork.Unit> units = MixedWork.units(UNITS);
		List<CompletableFuture<String>> results = new ArrayList<>();

		for (MixedWork.Unit unit : units) {
			inContextOf(unit, () -> results.add(annotated.onBulkhead()));
		}

		for (int i = 0; i < UNITS; i++) {
			assertThat(results.get(i).get(30, TimeUnit.SECONDS)).isEqualTo(units.get(i).expected());
		}
		WorkerProbe.ofPool(poolOf(bulkhead("annotated"))).assertClean();
	}

	@Test
	void bulkheadsThatShareConfigurationHaveOnePropagator() throws Exception {
		ThreadPoolBulkheadRegistry registry = application.getBean(ThreadPoolBulkheadRegistry.class);
		ThreadPoolBulkheadConfig config = config().build();

		for (String name : List.of("first of two", "second of two")) {
			ThreadPoolBulkhead bulkhead = registry.bulkhead(name, config);
			assertThat(read("acme", bulkhead)).isEqualTo("acme");
			WorkerProbe.ofPool(poolOf(bulkhead)).assertClean();
		}

		assertThat(config.getContextPropagator()).hasSize(1);
	}

	@Test
	void configurationThatOutlivesTheApplicationKeepsTheLatestPropagatorOnly() {
		ThreadPoolBulkheadConfig config = config().build();
		for (int i = 0; i < 2; i++) {
			try (ConfigurableApplicationContext other = start(Application.class)) {
				ThreadPoolBulkhead bulkhead = other.getBean(ThreadPoolBulkheadRegistry.class)
					.bulkhead("outlived", config);
				assertThat(read("acme", bulkhead)).isEqualTo("acme");
				assertThat(other.getBean(WorkRegistry.class).list()).isEmpty();
			}
		}
		ContextPropagator<?> last = config.getContextPropagator().get(0);

		application.getBean(ThreadPoolBulkheadRegistry.class).bulkhead("outliving", config);

		assertThat(config.getContextPropagator()).hasSize(1).doesNotContain(last);
	}

	@ParameterizedTest
	@ValueSource(strings = { "copy", "clear" })
	void propagatorThatFailsLeavesNoContext(String failing) throws Exception {
		ThreadPoolBulkheadConfig config = config()
			.contextPropagator(new FailingPropagator(failing, 0), new FailingPropagator(failing, 1))
			.build();
		ThreadPoolBulkhead bulkhead = application.getBean(ThreadPoolBulkheadRegistry.class)
			.bulkhead("failing " + failing, config);

		for (int i = 0; i < 20; i++) {
			assertThatExceptionOfType(Exception.class).isThrownBy(() -> read("acme", bulkhead))
				.withStackTraceContaining("planned");
			WorkerProbe.ofPool(poolOf(bulkhead)).assertClean();
		}
	}

	@Test
	void taskInsideAnotherOneReturnsToItsContext() throws Exception {
		ThreadPoolBulkheadRegistry registry = application.getBean(ThreadPoolBulkheadRegistry.class);
		ThreadPoolBulkhead outer = registry.bulkhead("outer", config().build());
		ThreadPoolBulkhead full = registry.bulkhead("full",
				config().queueCapacity(0).rejectedExecutionHandler(new ThreadPoolExecutor.CallerRunsPolicy()).build());
		CountDownLatch release = new CountDownLatch(1);
		full.submit(() -> release.await(30, TimeUnit.SECONDS));
		List<String> seen = new ArrayList<>();

		new Context().run(() -> {
			MixedWork.TENANT.set("acme");
			outer.submit(() -> {
				MixedWork.TENANT.set("globex");
				Thread thread = Thread.currentThread();
				full.submit(() -> {
					assertThat(Thread.currentThread()).isSameAs(thread);
					seen.add(MixedWork.TENANT.get());
					MixedWork.TENANT.set("inner");
				}).toCompletableFuture().join();
				seen.add(MixedWork.TENANT.get());
			}).toCompletableFuture().join();
		});
		release.countDown();

		assertThat(seen).containsExactly("globex", "globex");
		WorkerProbe.ofPool(poolOf(outer)).assertClean();
	}

	@Test
	void taskIsUnitOfWorkOfItsSubmitter() throws Exception {
		WorkRegistry registry = application.getBean(WorkRegistry.class);
		UnitOfWork request = registry.create(UnitOfWork.Kind.REQUEST, () -> "GET /");

		UnitOfWork task = registry.<UnitOfWork, Exception>call(request,
				() -> bulkhead("configured").submit(registry::current).toCompletableFuture().get(30, TimeUnit.SECONDS));

		assertThat(task).extracting(UnitOfWork::kind, UnitOfWork::origin, UnitOfWork::parent)
			.containsExactly(UnitOfWork.Kind.TASK, "Resilience4j bulkhead", request.id());
		UnitOfWork call = registry.<UnitOfWork, Exception>call(request,
				() -> circuitBreaker("single").run(registry::current));
		assertThat(call).extracting(UnitOfWork::kind, UnitOfWork::origin)
			.containsExactly(UnitOfWork.Kind.TASK, "circuit breaker");
	}

	@ParameterizedTest
	@ValueSource(strings = { "single", "group" })
	void circuitBreakersReadTheirCallersValues(String id) throws Exception {
		assertCallsAreSeparate(circuitBreaker(id));

		WorkerProbe.ofPool(application.getBean(Pool.class).executor()).assertClean();
	}

	@Test
	void circuitBreakersReadTheirCallersValuesOnPoolThatWasSetLater() throws Exception {
		try (ConfigurableApplicationContext other = start(SetLater.class)) {
			assertCallsAreSeparate(other.getBean(Resilience4JCircuitBreakerFactory.class).create("any"));

			WorkerProbe.ofPool(other.getBean(Pool.class).executor()).assertClean();
			assertThat(reported(other, "circuit breaker factory"))
				.containsExactly(tuple("resilience4jCircuitBreakerFactory", true, "executor"));

			other.getBean(Resilience4JCircuitBreakerFactory.class)
				.configureExecutorService(other.getBean(Pool.class).executor());
			assertThat(reported(other, "circuit breaker factory"))
				.containsExactly(tuple("resilience4jCircuitBreakerFactory", false, null));
		}
	}

	@Test
	void fallbacksReadTheirCallersValuesOnAnyThreadThatCompletes() throws Exception {
		Annotated annotated = application.getBean(Annotated.class);
		List<MixedWork.Unit> units = MixedWork.units(UNITS);
		AtomicInteger decorated = application.getBean(UsersDecorator.class).calls;
		int before = decorated.get();
		CompletableFuture<String> failing = new CompletableFuture<>();
		List<CompletableFuture<String>> results = new ArrayList<>();
		for (MixedWork.Unit unit : units) {
			inContextOf(unit, () -> results.add(annotated.withFallback(failing)));
		}
		assertThat(decorated.get() - before).isEqualTo(UNITS);

		new Context().run(() -> {
			MixedWork.TENANT.set("of the request that completes");
			failing.completeExceptionally(new IllegalStateException("planned"));
			assertThat(MixedWork.TENANT.get()).isEqualTo("of the request that completes");
		});

		for (int i = 0; i < UNITS; i++) {
			assertThat(results.get(i).get(30, TimeUnit.SECONDS)).isEqualTo(units.get(i).expected());
		}
	}

	@Test
	void fallbackOnTimeoutReadsTheCallersValue() throws Exception {
		CompletableFuture<String> result = new Context().call(() -> {
			MixedWork.TENANT.set("acme");
			return application.getBean(Annotated.class).timedOut();
		});

		assertThat(result.get(30, TimeUnit.SECONDS)).isEqualTo("acme");
	}

	@Test
	void fallbackOfWhatHasFailedAlreadyRunsInTheCallersContext() {
		new Context().run(() -> {
			CompletableFuture<String> failed = CompletableFuture.failedFuture(new IllegalStateException("planned"));
			assertThat(application.getBean(Annotated.class).withFallback(failed)).isCompletedWithValue("-");
			assertThat(MixedWork.TENANT.get()).isEqualTo("left by fallback");
		});
	}

	@Test
	void furtherAttemptsReadNothingOnResilience4jsOwnTimer() throws Exception {
		assertThat(retried(application, "acme")).containsExactly("1 acme", "0 -");
		assertThat(reported(application, "timer")).containsExactly(tuple("retryAspect", false, null));
	}

	@Test
	void furtherAttemptsReadTheCallersValuesOnTimerBean() throws Exception {
		try (ConfigurableApplicationContext other = start(Application.class,
				"resilience4j.scheduled.executor.core-pool-size=1")) {
			for (String tenant : List.of("acme", "-", "globex", "-")) {
				assertThat(retried(other, tenant)).containsExactly("1 " + tenant, "1 " + tenant);
			}
			assertThat(reported(other, "timer"))
				.containsExactly(tuple("getContextAwareScheduledThreadPool", true, "context propagator"));
			assertThat(reported(other, "executor"))
				.doesNotContain(tuple("getContextAwareScheduledThreadPool", false, null));
		}
	}

	@Test
	void bulkheadsAreReported() {
		bulkhead("created late");

		assertThat(reported(application, "bulkhead")).contains(tuple("configured", true, "context propagator"),
				tuple("created late", true, "context propagator"), tuple("bean", true, "context propagator"));
		assertThat(reported(application, "circuit breaker factory"))
			.containsExactly(tuple("resilience4jCircuitBreakerFactory", true, "executor"));
	}

	private static void assertCallsAreSeparate(CircuitBreaker circuitBreaker) {
		MixedWork work = new MixedWork();
		List<MixedWork.Unit> units = MixedWork.units(UNITS);

		for (MixedWork.Unit unit : units) {
			inContextOf(unit, () -> circuitBreaker.run(() -> {
				work.see(unit.id(), "call");
				MixedWork.TENANT.set("left by " + unit.id());
				failSometimes(unit);
				return "done";
			}, (ex) -> {
				work.end(unit.id(), "fallback");
				return "failed";
			}));
		}

		work.assertSeen(units, (unit) -> fails(unit) ? List.of("call " + unit.expected(), "fallback " + unit.expected())
				: List.of("call " + unit.expected()));
	}

	private static List<String> retried(ConfigurableApplicationContext context, String tenant) throws Exception {
		Annotated annotated = context.getBean(Annotated.class);
		CompletableFuture<String> result = new Context().call(() -> {
			MixedWork.TENANT.set(tenant);
			return annotated.retried();
		});
		assertThat(result.get(30, TimeUnit.SECONDS)).isEqualTo("done");
		return annotated.attempts();
	}

	private static List<Tuple> reported(ConfigurableApplicationContext context, String category) {
		return context.getBeansOfType(PropagationSource.class)
			.values()
			.stream()
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.category().equals(category))
			.map((entry) -> tuple(entry.name(), entry.propagates(), entry.mechanism()))
			.toList();
	}

	private static String read(String tenant, ThreadPoolBulkhead bulkhead) {
		return new Context().call(() -> {
			MixedWork.TENANT.set(tenant);
			return bulkhead.executeSupplier(MixedWork.TENANT::get).toCompletableFuture().join();
		});
	}

	private static void inContextOf(MixedWork.Unit unit, Runnable body) {
		new Context().run(() -> {
			if (unit.tenant() != null) {
				MixedWork.TENANT.set(unit.tenant());
			}
			body.run();
		});
	}

	private static boolean fails(MixedWork.Unit unit) {
		return unit.id().endsWith("5");
	}

	private static void failSometimes(MixedWork.Unit unit) {
		if (fails(unit)) {
			throw new IllegalStateException("planned");
		}
	}

	private static ThreadPoolBulkhead bulkhead(String name) {
		ThreadPoolBulkheadRegistry registry = application.getBean(ThreadPoolBulkheadRegistry.class);
		if (name.equals("replaced")) {
			registry.bulkhead(name, config().build());
			registry.replace(name, ThreadPoolBulkhead.of(name, config().build()));
		}
		return name.equals("bean") ? application.getBean(ThreadPoolBulkhead.class)
				: registry.bulkhead(name, () -> config().build());
	}

	private static ThreadPoolBulkheadConfig.Builder config() {
		return ThreadPoolBulkheadConfig.custom().coreThreadPoolSize(1).maxThreadPoolSize(1).queueCapacity(UNITS);
	}

	private static Executor poolOf(ThreadPoolBulkhead bulkhead) {
		return (Executor) new DirectFieldAccessor(bulkhead).getPropertyValue("executorService");
	}

	private static CircuitBreaker circuitBreaker(String id) {
		Resilience4JCircuitBreakerFactory factory = application.getBean(Resilience4JCircuitBreakerFactory.class);
		return id.equals("group") ? factory.create("member", "group") : factory.create(id);
	}

	private static ConfigurableApplicationContext start(Class<?> configuration, String... properties) {
		return new SpringApplicationBuilder(configuration).web(WebApplicationType.NONE)
			.properties("tests.frameworks=resilience4j,cloud", "spring.main.banner-mode=off",
					"contextvars.outside-context.set=allow", "contextvars.outside-context.get=allow",
					"resilience4j.thread-pool-bulkhead.instances.configured.core-thread-pool-size=1",
					"resilience4j.thread-pool-bulkhead.instances.configured.max-thread-pool-size=1",
					"resilience4j.thread-pool-bulkhead.instances.configured.queue-capacity=" + UNITS,
					"resilience4j.thread-pool-bulkhead.instances.annotated.base-config=one",
					"resilience4j.thread-pool-bulkhead.configs.one.core-thread-pool-size=1",
					"resilience4j.thread-pool-bulkhead.configs.one.max-thread-pool-size=1",
					"resilience4j.thread-pool-bulkhead.configs.one.queue-capacity=" + UNITS,
					"resilience4j.circuitbreaker.configs.default.failure-rate-threshold=100",
					"resilience4j.timelimiter.instances.short.timeout-duration=1ms",
					"resilience4j.retry.instances.retried.wait-duration=1ms")
			.properties(properties)
			.run();
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ ContextVarsAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class,
			ContextVarsResilienceAutoConfiguration.class, AopAutoConfiguration.class, BulkheadAutoConfiguration.class,
			CircuitBreakerAutoConfiguration.class, RetryAutoConfiguration.class, TimeLimiterAutoConfiguration.class,
			ContextAwareScheduledThreadPoolAutoConfiguration.class, Resilience4JAutoConfiguration.class })
	static class Libraries {

	}

	@Configuration(proxyBeanMethods = false)
	@Import(Libraries.class)
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = MixedWork.TENANT;

		@Bean
		static WorkConfiguration.Tracking tracking() {
			return new WorkConfiguration.Tracking();
		}

		@Bean
		static UsersDecorator usersDecorator() {
			return new UsersDecorator();
		}

		@Bean
		static Annotated annotated() {
			return new Annotated();
		}

		@Bean
		static ThreadPoolBulkhead bulkhead() {
			return ThreadPoolBulkhead.of("bean", config().build());
		}

		@Bean(destroyMethod = "shutdown")
		static Pool pool() {
			return new Pool(Executors.newSingleThreadExecutor());
		}

		@Bean
		static Customizer<Resilience4JCircuitBreakerFactory> executorCustomizer(Pool pool) {
			return (factory) -> {
				factory.configureExecutorService(pool.executor());
				factory.configureGroupExecutorService((group) -> pool.executor());
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(Libraries.class)
	static class SetLater {

		@Bean(destroyMethod = "shutdown")
		static Pool pool() {
			return new Pool(Executors.newSingleThreadExecutor());
		}

		@Autowired
		void configure(Resilience4JCircuitBreakerFactory factory, Pool pool) {
			factory.configureExecutorService(pool.executor());
		}

	}

	/**
	 * An executor that is no bean.
	 */
	record Pool(ExecutorService executor) {

		void shutdown() {
			this.executor.shutdown();
		}

	}

	/**
	 * Methods with annotations of Resilience4j.
	 */
	static class Annotated {

		private final BlockingQueue<String> attempts = new LinkedBlockingQueue<>();

		@Bulkhead(name = "annotated", type = Bulkhead.Type.THREADPOOL)
		CompletableFuture<String> onBulkhead() {
			String tenant = MixedWork.TENANT.get();
			MixedWork.TENANT.set("left");
			return CompletableFuture.completedFuture(tenant);
		}

		@io.github.resilience4j.circuitbreaker.annotation.CircuitBreaker(name = "fallback",
				fallbackMethod = "fallbackWith")
		CompletableFuture<String> withFallback(CompletableFuture<String> result) {
			return result;
		}

		@TimeLimiter(name = "short", fallbackMethod = "fallback")
		CompletableFuture<String> timedOut() {
			return new CompletableFuture<>();
		}

		CompletableFuture<String> fallbackWith(CompletableFuture<String> result, Throwable ex) {
			return fallback(ex);
		}

		CompletableFuture<String> fallback(Throwable ex) {
			String tenant = MixedWork.TENANT.get();
			MixedWork.TENANT.set("left by fallback");
			return CompletableFuture.completedFuture(tenant);
		}

		@Retry(name = "retried")
		CompletableFuture<String> retried() {
			this.attempts.add(Context.depth() + " " + MixedWork.TENANT.get());
			if (this.attempts.size() == 1) {
				return CompletableFuture.failedFuture(new IllegalStateException("planned"));
			}
			if (Context.depth() > 0) {
				MixedWork.TENANT.set("left");
			}
			return CompletableFuture.completedFuture("done");
		}

		List<String> attempts() {
			List<String> all = new ArrayList<>();
			this.attempts.drainTo(all);
			return all;
		}

	}

	/**
	 * A decorator of the application, which must go on to be the one that is called.
	 */
	@Order(0)
	static class UsersDecorator extends CompletionStageFallbackDecorator {

		private final AtomicInteger calls = new AtomicInteger();

		@Override
		public CheckedSupplier<Object> decorate(FallbackMethod fallbackMethod, CheckedSupplier<Object> supplier) {
			this.calls.incrementAndGet();
			return super.decorate(fallbackMethod, supplier);
		}

	}

	/**
	 * A propagator that fails on the worker.
	 *
	 * @param failing which of its operations fails
	 * @param code decides where it is in a map
	 */
	record FailingPropagator(String failing, int code) implements ContextPropagator<String> {

		@Override
		public boolean equals(Object other) {
			return this == other;
		}

		@Override
		public int hashCode() {
			return this.code;
		}

		@Override
		public Supplier<Optional<String>> retrieve() {
			return () -> Optional.of("");
		}

		@Override
		public Consumer<Optional<String>> copy() {
			return operation("copy");
		}

		@Override
		public Consumer<Optional<String>> clear() {
			return operation("clear");
		}

		private Consumer<Optional<String>> operation(String name) {
			return (value) -> {
				if (name.equals(this.failing)) {
					throw new IllegalStateException("planned");
				}
			};
		}

	}

}

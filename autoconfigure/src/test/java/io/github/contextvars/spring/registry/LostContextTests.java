package io.github.contextvars.spring.registry;

import java.time.Instant;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RecursiveAction;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import com.github.benmanes.caffeine.cache.Caffeine;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextFuture;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Ways of losing a value, each of which a warning names at its place in the code, with
 * the line that keeps the value.
 */
@ExtendWith(OutputCaptureExtension.class)
class LostContextTests {

	private static ConfigurableApplicationContext application;

	private static ExecutorService pool;

	private static ForkJoinPool forkJoinPool;

	private static ScheduledExecutorService scheduler;

	private static ThreadPoolTaskExecutor springPool;

	private static ThreadPoolTaskScheduler springScheduler;

	@BeforeAll
	static void start() {
		application = new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.properties("spring.main.banner-mode=off")
			.run();
		pool = Executors.newFixedThreadPool(2);
		forkJoinPool = new ForkJoinPool(2);
		scheduler = Executors.newSingleThreadScheduledExecutor();
		springPool = new ThreadPoolTaskExecutor();
		springPool.initialize();
		springScheduler = new ThreadPoolTaskScheduler();
		springScheduler.initialize();
	}

	@AfterAll
	static void stop() {
		springScheduler.shutdown();
		springPool.shutdown();
		scheduler.shutdown();
		forkJoinPool.shutdown();
		pool.shutdown();
		application.close();
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource({ "threads", "tasks", "stages", "elements", "schedules", "callbacks" })
	void lossIsNamedWithTheLineThatRemediesIt(String way, String line, Callable<String> lossy,
			Callable<String> remedied, CapturedOutput output) throws Exception {
		assertThat(inContext(lossy)).isEqualTo("-");
		assertThat(output.getOut().lines().filter((text) -> text.contains("outside any context"))).isNotEmpty()
			.allMatch((text) -> text.contains("'tenant' is read by thread '")
					&& text.contains(LostContextTests.class.getName() + ".") && text.contains("write " + line));

		assertThat(inContext(remedied)).isEqualTo("acme");
	}

	@Test
	void valueThatWouldStayOnAThreadIsRefusedWithTheLineThatScopesIt() throws Exception {
		Callable<String> lossy = () -> onThread((task) -> new Thread(task), () -> {
			Application.TENANT.set("globex");
			return Application.TENANT.get();
		});
		Callable<String> remedied = () -> onThread((task) -> new Thread(task), () -> new Context().call(() -> {
			Application.TENANT.set("globex");
			return Application.TENANT.get();
		}));

		assertThatException().isThrownBy(lossy::call).havingRootCause().withMessageContaining("new Context().run(...)");
		assertThat(remedied.call()).isEqualTo("globex");
	}

	@Test
	void executorBeanThatCannotBeInstrumentedIsNamedWithTheDeclarationThatIs(CapturedOutput output) {
		ApplicationContextRunner runner = new ApplicationContextRunner().withConfiguration(
				AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class));

		runner.withBean("pool", FinalPool.class)
			.run((context) -> assertThat(
					inContext(() -> task(context.getBean("pool", Executor.class)::execute, Application.TENANT::get)))
				.isEqualTo("-"));
		assertThat(output).contains("'pool'", "ContextExecutors.wrap(");

		runner.withBean("pool", ExecutorService.class, () -> ContextExecutors.wrap(new FinalPool()))
			.run((context) -> assertThat(
					inContext(() -> task(context.getBean("pool", Executor.class)::execute, Application.TENANT::get)))
				.isEqualTo("acme"));
	}

	// Nothing is outside: the stage reads what is right for the work that completes it.
	@Test
	void stageThatOtherWorkCompletesIsNotNamed(CapturedOutput output) throws Exception {
		CompletableFuture<String> future = new CompletableFuture<>();
		CompletableFuture<String> stage = new CompletableFuture<>();
		inContext(() -> {
			future.thenAccept((any) -> stage.complete(Application.TENANT.get()));
			return "";
		});
		new Context().run(() -> {
			Application.TENANT.set("globex");
			future.complete("");
		});

		assertThat(stage.get()).isEqualTo("globex");
		assertThat(output).doesNotContain("outside any context");
	}

	static Stream<Arguments> threads() {
		return Stream.of(
				loss("thread", "new Thread(Context.copyOfCurrent().wrap(task)).start()",
						() -> onThread((task) -> new Thread(task), LostContextTests::read01),
						() -> onThread((task) -> new Thread(Context.copyOfCurrent().wrap(task)),
								LostContextTests::read01)),
				loss("subclass of Thread", "new Thread(Context.copyOfCurrent().wrap(task)).start()",
						() -> onThread(Subclass::new, LostContextTests::read02),
						() -> onThread((task) -> new Subclass(Context.copyOfCurrent().wrap(task)),
								LostContextTests::read02)),
				loss("thread of a factory", "new Thread(Context.copyOfCurrent().wrap(task)).start()",
						() -> onThread(Executors.defaultThreadFactory()::newThread, LostContextTests::read03),
						() -> onThread((task) -> Executors.defaultThreadFactory()
							.newThread(Context.copyOfCurrent().wrap(task)), LostContextTests::read03)));
	}

	static Stream<Arguments> tasks() {
		String executor = "ContextExecutors.wrap(executor).execute(task)";
		String common = "CompletableFuture.supplyAsync(Context.copyOfCurrent().wrapSupplier(supplier))";
		return Stream.of(
				loss("pool", executor, () -> pool.submit(LostContextTests::read04).get(),
						() -> ContextExecutors.wrap(pool).submit(LostContextTests::read04).get()),
				loss("invokeAll", executor,
						() -> pool.invokeAll(List.<Callable<String>>of(LostContextTests::read05)).get(0).get(),
						() -> ContextExecutors.wrap(pool)
							.invokeAll(List.<Callable<String>>of(LostContextTests::read05))
							.get(0)
							.get()),
				loss("completion service", executor,
						() -> complete(new ExecutorCompletionService<>(pool), LostContextTests::read06),
						() -> complete(new ExecutorCompletionService<>(ContextExecutors.wrap(pool)),
								LostContextTests::read06)),
				loss("supplyAsync on a pool", executor,
						() -> CompletableFuture.supplyAsync(LostContextTests::read07, pool).get(),
						() -> CompletableFuture
							.supplyAsync(LostContextTests::read07, ContextExecutors.wrap((Executor) pool))
							.get()),
				loss("fork-join pool", executor,
						() -> forkJoinPool.submit((Callable<String>) LostContextTests::read08).get(),
						() -> ContextExecutors.wrap((ExecutorService) forkJoinPool)
							.submit(LostContextTests::read08)
							.get()),
				loss("Spring's pool that is no bean", executor, () -> springPool.submit(LostContextTests::read09).get(),
						() -> task((task) -> ContextExecutors.wrap((Executor) springPool).execute(task),
								LostContextTests::read09)),
				loss("Spring's executor that is no bean", "new Thread(Context.copyOfCurrent().wrap(task))",
						() -> task(new SimpleAsyncTaskExecutor()::execute, LostContextTests::read10),
						() -> task((task) -> new SimpleAsyncTaskExecutor().execute(Context.copyOfCurrent().wrap(task)),
								LostContextTests::read10)),
				loss("supplyAsync", common, () -> CompletableFuture.supplyAsync(LostContextTests::read11).get(),
						() -> CompletableFuture
							.supplyAsync(Context.copyOfCurrent().wrapSupplier(LostContextTests::read11))
							.get()),
				loss("delayed executor", common,
						() -> CompletableFuture
							.supplyAsync(LostContextTests::read12,
									CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS))
							.get(),
						() -> CompletableFuture
							.supplyAsync(Context.copyOfCurrent().wrapSupplier(LostContextTests::read12),
									CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS))
							.get()),
				loss("task of the common pool", common,
						() -> task(ForkJoinPool.commonPool()::execute, LostContextTests::read13),
						() -> task((task) -> ForkJoinPool.commonPool().execute(Context.copyOfCurrent().wrap(task)),
								LostContextTests::read13)),
				loss("recursive task", common,
						() -> task((task) -> new Recursive(task).fork(), LostContextTests::read14),
						() -> task((task) -> new Recursive(Context.copyOfCurrent().wrap(task)).fork(),
								LostContextTests::read14)),
				loss("asynchronous cache", common,
						() -> Caffeine.newBuilder()
							.buildAsync()
							.get("key", (key) -> LostContextTests.read15())
							.get()
							.toString(),
						() -> Caffeine.newBuilder()
							.buildAsync()
							.get("key", Context.copyOfCurrent().wrapFunction((Object key) -> LostContextTests.read15()))
							.get()
							.toString()),
				loss("publisher", "client.onResponse(Context.copyOfCurrent()",
						() -> publish(LostContextTests::read16, UnaryOperator.identity()),
						() -> publish(LostContextTests::read16,
								(task) -> Context.copyOfCurrent().wrapFunction((Object any) -> task.apply(any)))));
	}

	static Stream<Arguments> stages() {
		String line = "ContextFuture.from(future).thenApply(function)";
		return Stream.of(
				loss("stage", line, () -> stage((future) -> future.thenApply((any) -> read17())),
						() -> stage((future) -> ContextFuture.from(future).thenApply((any) -> read17()))),
				loss("asynchronous stage", line, () -> stage((future) -> future.thenApplyAsync((any) -> read18())),
						() -> stage((future) -> ContextFuture.from(future).thenApplyAsync((any) -> read18()))),
				loss("handler of a failure", line, () -> stage(
						(future) -> future.thenApply((any) -> Integer.toString(1 / 0)).exceptionally((ex) -> read19())),
						() -> stage((future) -> ContextFuture.from(future)
							.thenApply((any) -> Integer.toString(1 / 0))
							.exceptionally((ex) -> read19()))),
				loss("timeout", line, () -> timeOut(new CompletableFuture<>()), () -> timeOut(new ContextFuture<>())),
				loss("combination", line,
						() -> stage((future) -> future.thenCombine(CompletableFuture.completedFuture(""),
								(any, other) -> read21())),
						() -> stage((future) -> ContextFuture.from(future)
							.thenCombine(CompletableFuture.completedFuture(""), (any, other) -> read21()))));
	}

	static Stream<Arguments> elements() {
		String line = "stream.map(Context.copyOfCurrent().wrapFunction(function))";
		return Stream.of(loss("parallel stream", line, () -> elements((i) -> read22(), UnaryOperator.identity()),
				() -> elements((i) -> read22(),
						(function) -> Context.copyOfCurrent().wrapFunction((Integer i) -> function.apply(i)))));
	}

	static Stream<Arguments> schedules() {
		String line = "scheduler.schedule(Context.copyOfCurrent().wrap(task), delay, unit)";
		return Stream.of(
				loss("scheduler", line,
						() -> task((task) -> scheduler.schedule(task, 1, TimeUnit.MILLISECONDS),
								LostContextTests::read23),
						() -> task(
								(task) -> scheduler.schedule(Context.copyOfCurrent().wrap(task), 1,
										TimeUnit.MILLISECONDS),
								LostContextTests::read23)),
				loss("fixed rate", line,
						() -> task((task) -> scheduler.scheduleAtFixedRate(task, 0, 1, TimeUnit.DAYS),
								LostContextTests::read24),
						() -> task((task) -> scheduler.scheduleAtFixedRate(Context.copyOfCurrent().wrap(task), 0, 1,
								TimeUnit.DAYS), LostContextTests::read24)),
				loss("Spring's scheduler that is no bean", line,
						() -> task((task) -> springScheduler.schedule(task, Instant.now()), LostContextTests::read25),
						() -> task(
								(task) -> springScheduler.schedule(Context.copyOfCurrent().wrap(task), Instant.now()),
								LostContextTests::read25)),
				loss("timer", "timer.schedule(", () -> task(LostContextTests::time, LostContextTests::read26),
						() -> task((task) -> time(Context.copyOfCurrent().wrap(task)), LostContextTests::read26)));
	}

	static Stream<Arguments> callbacks() {
		return Stream.of(loss("callback of a client", "client.onResponse(Context.copyOfCurrent()",
				() -> task(LostContextTests::send, LostContextTests::read27),
				() -> task((task) -> send(Context.copyOfCurrent().wrap(task)), LostContextTests::read27)));
	}

	private static Arguments loss(String way, String line, Callable<String> lossy, Callable<String> remedied) {
		return Arguments.of(way, line, lossy, remedied);
	}

	private static String inContext(Callable<String> code) throws Exception {
		return new Context().<String, Exception>call(() -> {
			Application.TENANT.set("acme");
			return code.call();
		});
	}

	private static String onThread(Function<Runnable, Thread> threads, Supplier<String> read) throws Exception {
		FutureTask<String> task = new FutureTask<>(read::get);
		threads.apply(task).start();
		return task.get();
	}

	private static String task(Consumer<Runnable> submission, Supplier<String> read) throws Exception {
		CompletableFuture<String> seen = new CompletableFuture<>();
		submission.accept(() -> seen.complete(read.get()));
		return seen.get(20, TimeUnit.SECONDS);
	}

	private static String complete(ExecutorCompletionService<String> service, Callable<String> task) throws Exception {
		service.submit(task);
		return service.take().get();
	}

	// The stage is registered here, and the future completes on another thread.
	private static String stage(Function<CompletableFuture<String>, CompletableFuture<String>> stages)
			throws Exception {
		CompletableFuture<String> future = new CompletableFuture<>();
		CompletableFuture<String> result = stages.apply(future);
		Thread completing = new Thread(() -> future.complete(""));
		completing.start();
		return result.get(20, TimeUnit.SECONDS);
	}

	private static String timeOut(CompletableFuture<String> future) throws Exception {
		CompletableFuture<String> result = future.handle((any, ex) -> read20());
		future.orTimeout(1, TimeUnit.MILLISECONDS);
		return result.get(20, TimeUnit.SECONDS);
	}

	// The caller processes elements, too.
	private static String elements(Function<Integer, String> function,
			UnaryOperator<Function<Integer, String>> wrapping) {
		Thread caller = Thread.currentThread();
		CountDownLatch other = new CountDownLatch(1);
		Function<Integer, String> wrapped = wrapping.apply(function);
		return IntStream.range(0, 64).boxed().parallel().map((i) -> {
			if (Thread.currentThread() != caller) {
				other.countDown();
				return wrapped.apply(i);
			}
			await(other);
			return "acme";
		}).distinct().sorted().findFirst().orElseThrow();
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await(20, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String publish(Supplier<String> read, UnaryOperator<Function<Object, String>> wrapping)
			throws Exception {
		CompletableFuture<String> seen = new CompletableFuture<>();
		Function<Object, String> wrapped = wrapping.apply((any) -> read.get());
		try (SubmissionPublisher<String> publisher = new SubmissionPublisher<>()) {
			publisher.consume((item) -> seen.complete(wrapped.apply(item)));
			publisher.submit("item");
			return seen.get(20, TimeUnit.SECONDS);
		}
	}

	private static void time(Runnable task) {
		Timer timer = new Timer(true);
		timer.schedule(new TimerTask() {

			@Override
			public void run() {
				task.run();
				timer.cancel();
			}

		}, 1);
	}

	// The producer's thread calls back.
	private static void send(Runnable callback) {
		MockProducer<String, String> producer = new MockProducer<>(false, null, new StringSerializer(),
				new StringSerializer());
		producer.send(new ProducerRecord<>("topic", "value"), (metadata, ex) -> callback.run());
		new Thread(producer::completeNext).start();
	}

	// Each place is warned of once.
	private static String read01() {
		return Application.TENANT.get();
	}

	private static String read02() {
		return Application.TENANT.get();
	}

	private static String read03() {
		return Application.TENANT.get();
	}

	private static String read04() {
		return Application.TENANT.get();
	}

	private static String read05() {
		return Application.TENANT.get();
	}

	private static String read06() {
		return Application.TENANT.get();
	}

	private static String read07() {
		return Application.TENANT.get();
	}

	private static String read08() {
		return Application.TENANT.get();
	}

	private static String read09() {
		return Application.TENANT.get();
	}

	private static String read10() {
		return Application.TENANT.get();
	}

	private static String read11() {
		return Application.TENANT.get();
	}

	private static String read12() {
		return Application.TENANT.get();
	}

	private static String read13() {
		return Application.TENANT.get();
	}

	private static String read14() {
		return Application.TENANT.get();
	}

	private static String read15() {
		return Application.TENANT.get();
	}

	private static String read16() {
		return Application.TENANT.get();
	}

	private static String read17() {
		return Application.TENANT.get();
	}

	private static String read18() {
		return Application.TENANT.get();
	}

	private static String read19() {
		return Application.TENANT.get();
	}

	private static String read20() {
		return Application.TENANT.get();
	}

	private static String read21() {
		return Application.TENANT.get();
	}

	private static String read22() {
		return Application.TENANT.get();
	}

	private static String read23() {
		return Application.TENANT.get();
	}

	private static String read24() {
		return Application.TENANT.get();
	}

	private static String read25() {
		return Application.TENANT.get();
	}

	private static String read26() {
		return Application.TENANT.get();
	}

	private static String read27() {
		return Application.TENANT.get();
	}

	/**
	 * Executor that nothing can stand in for.
	 */
	static final class FinalPool extends ThreadPoolExecutor {

		FinalPool() {
			super(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
		}

	}

	private static final class Subclass extends Thread {

		private final Runnable task;

		private Subclass(Runnable task) {
			this.task = task;
		}

		@Override
		public void run() {
			this.task.run();
		}

	}

	private static final class Recursive extends RecursiveAction {

		private static final long serialVersionUID = 1L;

		private final transient Runnable task;

		private Recursive(Runnable task) {
			this.task = task;
		}

		@Override
		protected void compute() {
			this.task.run();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	}

}

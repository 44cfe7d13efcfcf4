package io.github.contextvars.spring;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.task.ThreadPoolTaskExecutorBuilder;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.EventListener;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.AsyncConfigurer;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.SimpleAsyncTaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.request.async.WebAsyncTask;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextVar;
import io.github.contextvars.Token;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.task.ContextTaskDecorator;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every line of Java in README.md, compiled and run, and what it says about threads that
 * are served and that are not.
 */
class ReadmeExamplesTests {

	@ContextVariable(description = "Whose data this request may touch")
	static final ContextVar<String> TENANT = ContextVar.of("tenant", "public");

	@ContextVariable(description = "Who is asking", logged = true, observed = true)
	static final ContextVar<String> USER = ContextVar.of("user");

	private static final ContextVar<String> STEP = ContextVar.of("step", "none");

	@Test
	void javaOfReadmeIsThisJava() throws IOException {
		String text = Files.readString(Path.of("..", "README.md"));
		String source = Files
			.readString(Path.of("src/test/java", ReadmeExamplesTests.class.getName().replace('.', '/') + ".java"));
		List<String> known = source.lines().map(String::strip).toList();

		assertThat(matches("(?s)```java\n(.*?)```", text)).isNotEmpty()
			.allSatisfy((block) -> assertThat(known).containsAll(block.lines().map(String::strip).toList()));
		String words = source.replaceAll("\\s+", " ");
		assertThat(matches("(?m)^\\|.*\\| `([^`]+)` \\|$", section("## What does not carry", text))).isNotEmpty()
			.allSatisfy((remedy) -> assertThat(words).contains(remedy));
	}

	private static String section(String heading, String text) {
		int start = text.indexOf(heading);
		return (start < 0) ? "" : text.substring(start, text.indexOf("\n## ", start));
	}

	private static List<String> matches(String pattern, String text) {
		return Pattern.compile(pattern).matcher(text).results().map((MatchResult match) -> match.group(1)).toList();
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void webExamples(Threading threading) {
		try (WebApp app = WebApp.start(Shop.class, threading.property())) {
			assertThat(app.get("/orders/mail", "X-Tenant", "acme").body()).isEqualTo("Mail for acme");
			assertThat(app.get("/greeting").body()).isEqualTo("public reads 0");
			assertThat(app.get("/streamed").body()).isEqualTo("acme");
			assertThat(app.get("/published").body()).isEqualTo("acme, then acme");
			assertThat(app.get("/stage").body()).isEqualTo("acme");
			assertThat(app.get("/web-async-task").body()).isEqualTo("acme");
			app.assertClean();
		}
	}

	@Test
	void callbacksOfDeferredResultAreCarried() throws Exception {
		try (WebApp app = WebApp.start(Shop.class)) {
			assertThat(app.get("/deferred").body()).isEqualTo("timed out for acme");
			assertThat(app.bean(Pages.class).completed.get(10, TimeUnit.SECONDS)).isEqualTo("acme");
		}
	}

	@Test
	void scopedMethodKeepsItsValuesToItself() {
		try (ConfigurableApplicationContext context = start(Beans.class)) {
			new Context().run(() -> {
				TENANT.set("acme");
				context.getBean(Stock.class).importAll("globex");
				assertThat(TENANT.get()).isEqualTo("acme");
				assertThat(context.getBean(Stock.class).fulfil(new Order("globex"))).isEqualTo("For globex");
				assertThat(TENANT.get()).isEqualTo("acme");
				assertThat(context.getBean(Stock.class).tenantOfNightlyRun()).isEqualTo("public");
			});
		}
	}

	@Test
	void threadsOutsideOfSpringCarryWhatIsWrappedOnly() throws Exception {
		Executor executor = Executors.newSingleThreadExecutor();
		try {
			CompletableFuture<String> lost = new CompletableFuture<>();
			CompletableFuture<String> carried = new CompletableFuture<>();
			List<String> parallel = new Context().call(() -> {
				TENANT.set("acme");
				new Thread(() -> lost.complete(TENANT.get())).start();
				Runnable task = () -> carried.complete(TENANT.get());
				new Thread(Context.copyOfCurrent().wrap(task)).start();

				Supplier<String> supplier = TENANT::get;
				assertThat(CompletableFuture.supplyAsync(supplier, executor).join()).isEqualTo("public");
				assertThat(CompletableFuture.supplyAsync(Context.copyOfCurrent().wrapSupplier(supplier)).join())
					.isEqualTo("acme");
				assertThat(CompletableFuture.supplyAsync(supplier, ContextExecutors.wrap(executor)).join())
					.isEqualTo("acme");

				Function<Integer, String> function = (i) -> TENANT.get();
				return IntStream.range(0, 1000)
					.boxed()
					.parallel()
					.map(Context.copyOfCurrent().wrapFunction(function))
					.distinct()
					.toList();
			});

			assertThat(lost.get(10, TimeUnit.SECONDS)).isEqualTo("public");
			assertThat(carried.get(10, TimeUnit.SECONDS)).isEqualTo("acme");
			assertThat(parallel).containsExactly("acme");
		}
		finally {
			((ExecutorService) executor).shutdownNow();
		}
	}

	@ParameterizedTest
	@EnumSource
	void asyncOnExecutorOfTheApplication(OwnExecutor own) {
		try (ConfigurableApplicationContext context = start(own.configuration, Beans.class)) {
			String seen = new Context().call(() -> {
				TENANT.set("acme");
				return context.getBean(OrderMail.class).send().join();
			});
			assertThat(seen).isEqualTo("Mail for acme");
		}
	}

	@Test
	void forcedExecutorOfBootServesAsyncBesideExecutorOfTheApplication() {
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(PlainService.class, Beans.class)
			.web(WebApplicationType.NONE)
			.properties("spring.task.execution.mode=force")
			.run()) {
			String seen = new Context().call(() -> {
				TENANT.set("acme");
				return context.getBean(OrderMail.class).send().join();
			});
			assertThat(seen).isEqualTo("Mail for acme");
		}
	}

	@Test
	void callableOfControllerIsCarriedBesideExecutorOfTheApplication() {
		assertThat(callable(ShopWithPool.class)).isEqualTo("acme");
		assertThat(callable(ShopWithPool.class, "spring.task.execution.mode=force")).isEqualTo("acme");
		assertThat(callable(ShopWithBuilt.class)).isEqualTo("acme");
	}

	private static String callable(Class<?> configuration, String... properties) {
		try (WebApp app = WebApp.start(configuration, properties)) {
			return app.get("/callable").body();
		}
	}

	@Test
	void scheduledRunsStartAfresh() {
		try (ConfigurableApplicationContext context = start(Schedules.class)) {
			Schedules.seen.clear();
			Awaitility.await().until(() -> Schedules.seen.size() > 2);
			assertThat(Schedules.seen).containsOnly("public");
		}
	}

	@Test
	void tasksOfBootsSchedulerRunInCopiesOfTheContextTheyWereScheduledIn() throws Exception {
		try (ConfigurableApplicationContext context = start(Schedules.class)) {
			TaskScheduler scheduler = context.getBean(TaskScheduler.class);
			CompletableFuture<String> once = new CompletableFuture<>();
			new Context().run(() -> {
				TENANT.set("acme");
				scheduler.schedule(() -> once.complete(TENANT.get()), Instant.now());
			});
			assertThat(once.get(10, TimeUnit.SECONDS)).isEqualTo("acme");
			Awaitility.await().until(() -> Schedules.ticks.size() > 5);
			assertThat(Schedules.ticks).containsOnly("public");
		}
	}

	@Test
	void taskSchedulerThatDecoratesNothingCarriesWhatIsWrapped() throws Exception {
		try (SimpleAsyncTaskScheduler simple = new SimpleAsyncTaskScheduler()) {
			TaskScheduler scheduler = simple;
			CompletableFuture<String> carried = new CompletableFuture<>();
			Runnable task = () -> carried.complete(TENANT.get());
			Instant when = Instant.now();
			new Context().run(() -> {
				TENANT.set("acme");
				scheduler.schedule(Context.copyOfCurrent().wrap(task), when);
			});
			assertThat(carried.get(10, TimeUnit.SECONDS)).isEqualTo("acme");
		}
	}

	@Test
	void coreExamples() throws Exception {
		ContextVar<String> user = ContextVar.of("user", "anonymous");

		Context context = new Context();
		context.run(() -> user.set("ada"));
		assertThat(user.get()).isEqualTo("anonymous");
		assertThat(context.get(user)).isEqualTo("ada");

		context.run(() -> {
			try (Token<String> token = user.set("grace")) {
				assertThat(user.get()).isEqualTo("grace");
			}
			assertThat(user.get()).isEqualTo("ada");
		});
		Callable<String> read = Context.copyOfCurrent().wrapCallable(user::get);
		assertThat(read.call()).isEqualTo("anonymous");
	}

	@Test
	void executorExamples() throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(2);
		ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
		Executor serial = Executors.newSingleThreadExecutor();
		List<String> seen = new Context().call(() -> {
			TENANT.set("acme");
			// A copy of the submitter's context, taken at each submission.
			ExecutorService carrying = ContextExecutors.wrap(pool);
			ScheduledExecutorService ticking = ContextExecutors.wrap(timer);

			// The same values for every task, whoever submits it.
			Executor fixed = ContextExecutors.fixed(pool, Context.copyOfCurrent());

			// One context for all tasks, one after the other: for an event loop.
			Executor loop = ContextExecutors.within(serial, new Context());

			// Threads that do one task each: a copy of their maker's context.
			ThreadFactory threads = ContextExecutors.wrap(Executors.defaultThreadFactory());
			CompletableFuture<String> threadSaw = new CompletableFuture<>();
			threads.newThread(() -> threadSaw.complete(TENANT.get())).start();
			CompletableFuture.runAsync(() -> STEP.set("first"), loop).join();
			return List.of(carrying.submit(() -> TENANT.get()).get(10, TimeUnit.SECONDS),
					ticking.schedule(() -> TENANT.get(), 1, TimeUnit.MILLISECONDS).get(10, TimeUnit.SECONDS),
					CompletableFuture.supplyAsync(TENANT::get, fixed).join(),
					CompletableFuture.supplyAsync(STEP::get, loop).join(), threadSaw.get(10, TimeUnit.SECONDS));
		});
		assertThat(seen).containsExactly("acme", "acme", "acme", "first", "acme");
		pool.shutdownNow();
		timer.shutdownNow();
		((ExecutorService) serial).shutdownNow();
	}

	@Test
	void stageExamples() throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(1);
		CompletableFuture<String> earlier = new CompletableFuture<>();
		Function<String, String> function = (text) -> text + TENANT.get();
		Function<String, String> other = (text) -> text + " and " + TENANT.get();
		CompletableFuture<String> registered = new Context().call(() -> {
			TENANT.set("acme");
			Context now = Context.copyOfCurrent();
			CompletableFuture<String> stage = earlier.thenApply(now.wrapFunction(function))
				.thenApplyAsync(other, ContextExecutors.fixed(pool, now));
			return stage;
		});
		new Thread(() -> earlier.complete("")).start();
		assertThat(registered.get(10, TimeUnit.SECONDS)).isEqualTo("acme and acme");
		pool.shutdownNow();
	}

	private static ConfigurableApplicationContext start(Class<?>... sources) {
		return new SpringApplicationBuilder(sources).web(WebApplicationType.NONE).run();
	}

	enum OwnExecutor {

		PLAIN_POOL(PlainPool.class), PLAIN_SERVICE(PlainService.class), PLAIN_CONFIGURER(PlainConfigurer.class),
		BUILT(Built.class), DECORATED(Decorated.class), WRAPPED(Wrapped.class),
		WRAPPED_CONFIGURER(WrappedConfigurer.class);

		private final Class<?> configuration;

		OwnExecutor(Class<?> configuration) {
			this.configuration = configuration;
		}

	}

	@RestController
	static class Orders {

		private final OrderMail mail;

		Orders(OrderMail mail) {
			this.mail = mail;
		}

		@GetMapping("/orders/mail")
		CompletableFuture<String> mail(@RequestHeader("X-Tenant") String tenant) {
			TENANT.set(tenant);
			return this.mail.send();
		}

	}

	static class OrderMail {

		@Async
		CompletableFuture<String> send() {
			return CompletableFuture.completedFuture("Mail for " + TENANT.get());
		}

	}

	static class Stock {

		@ContextScoped
		void importAll(String otherTenant) {
			TENANT.set(otherTenant);
			assertThat(TENANT.get()).isEqualTo("globex");
		}

		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "#order.tenant"))
		String fulfil(Order order) {
			return "For " + TENANT.get();
		}

		@ContextScoped(fresh = true)
		String tenantOfNightlyRun() {
			return TENANT.get();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import({ ReadmeExamplesTests.class, Stock.class, OrderMail.class })
	static class Beans {

		@Bean
		@ContextVariable(description = "What the client showed at the door", sensitive = true)
		ContextVar<String> ticket() {
			return ContextVar.of("ticket");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Beans.class, Orders.class, Pages.class, Listeners.class })
	static class Shop {

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ PlainPool.class, Shop.class })
	static class ShopWithPool {

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Built.class, Shop.class })
	static class ShopWithBuilt {

	}

	@RestController
	static class Pages {

		private final CompletableFuture<String> completed = new CompletableFuture<>();

		private final ApplicationEventPublisher publisher;

		private final Executor executor;

		Pages(ApplicationEventPublisher publisher, Map<String, Executor> executors) {
			this.publisher = publisher;
			this.executor = executors.values().iterator().next();
		}

		@GetMapping("/greeting")
		String greeting(@FromContext("tenant") String tenant, @FromContext(defaultValue = "0") int ticket) {
			return tenant + " reads " + ticket;
		}

		@GetMapping("/streamed")
		StreamingResponseBody streamed() {
			TENANT.set("acme");
			return (output) -> output.write(TENANT.get().getBytes());
		}

		@GetMapping("/callable")
		Callable<String> callable() {
			TENANT.set("acme");
			return TENANT::get;
		}

		@GetMapping("/published")
		String published() {
			TENANT.set("acme");
			OrderPlaced event = new OrderPlaced(new CompletableFuture<>(), new CompletableFuture<>());
			this.publisher.publishEvent(event);
			return event.here().join() + ", then " + event.there().join();
		}

		@GetMapping("/web-async-task")
		WebAsyncTask<String> webAsyncTask() {
			TENANT.set("acme");
			Callable<String> task = TENANT::get;
			AsyncTaskExecutor other = new SimpleAsyncTaskExecutor();
			return new WebAsyncTask<>(1000L, other, task);
		}

		@GetMapping("/stage")
		String stage() {
			TENANT.set("acme");
			CompletableFuture<String> earlier = new CompletableFuture<>();
			Function<String, String> function = (ignored) -> TENANT.get();
			CompletableFuture<String> later = earlier.thenApplyAsync(function,
					ContextExecutors.fixed(this.executor, Context.copyOfCurrent()));
			new Thread(() -> earlier.complete("")).start();
			return later.join();
		}

		@GetMapping("/deferred")
		DeferredResult<String> deferred() {
			TENANT.set("acme");
			DeferredResult<String> result = new DeferredResult<>(1L);
			result.onCompletion(() -> this.completed.complete(TENANT.get()));
			result.onTimeout(() -> result.setResult("timed out for " + TENANT.get()));
			return result;
		}

	}

	static class Listeners {

		@EventListener
		void here(OrderPlaced event) {
			event.here().complete(TENANT.get());
		}

		@Async
		@EventListener
		void there(OrderPlaced event) {
			event.there().complete(TENANT.get());
		}

	}

	public record Order(String tenant) {

	}

	record OrderPlaced(CompletableFuture<String> here, CompletableFuture<String> there) {

	}

	@Configuration(proxyBeanMethods = false)
	static class PlainPool {

		@Bean
		ThreadPoolTaskExecutor pool() {
			return new ThreadPoolTaskExecutor();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class PlainService {

		@Bean
		ExecutorService service() {
			return Executors.newFixedThreadPool(1);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class PlainConfigurer implements AsyncConfigurer {

		@Override
		public Executor getAsyncExecutor() {
			return (task) -> new Thread(task).start();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class WrappedConfigurer implements AsyncConfigurer {

		private final Executor executor = (task) -> new Thread(task).start();

		@Override
		public Executor getAsyncExecutor() {
			return ContextExecutors.wrap(this.executor);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Built {

		@Bean
		ThreadPoolTaskExecutor applicationTaskExecutor(ThreadPoolTaskExecutorBuilder builder) {
			return builder.corePoolSize(4).build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Decorated {

		@Bean
		ThreadPoolTaskExecutor mailExecutor(ContextTaskDecorator decorator) {
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setTaskDecorator(decorator);
			return executor;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Wrapped {

		@Bean
		ExecutorService taskExecutor() {
			return ContextExecutors.wrap(Executors.newFixedThreadPool(4));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableScheduling
	@Import({ Beans.class, Cleanup.class })
	static class Schedules {

		private static Queue<String> seen = new ConcurrentLinkedQueue<>();

		private static Queue<String> ticks = new ConcurrentLinkedQueue<>();

	}

	static class Cleanup {

		@Scheduled(cron = "* * * * * *")
		void cleanUp() {
			Schedules.seen.add(TENANT.get());
			TENANT.set("dirty");
		}

		@Scheduled(fixedRate = 20)
		void rate() {
			Schedules.ticks.add(TENANT.get());
			TENANT.set("dirty");
		}

		@Scheduled(fixedDelay = 20)
		void delay() {
			rate();
		}

	}

}

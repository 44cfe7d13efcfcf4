package io.github.contextvars.spring;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import javax.sql.DataSource;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpSession;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.provider.jdbctemplate.JdbcTemplateLockProvider;
import net.javacrumbs.shedlock.spring.annotation.EnableSchedulerLock;
import net.javacrumbs.shedlock.spring.annotation.SchedulerLock;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.job.parameters.JobParametersBuilder;
import org.springframework.batch.core.launch.JobOperator;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.batch.infrastructure.item.support.ListItemReader;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.graphql.data.method.annotation.QueryMapping;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.modulith.events.ApplicationModuleListener;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.stereotype.Controller;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.testing.WorkerProbe;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Frameworks that have no integration of their own, as what they run is on beans that are
 * instrumented.
 */
class FrameworkPropagationTests {

	private static final int UNITS = 240;

	@Test
	void stepsOfBatchJobsRunInTheLaunchersContext() throws Exception {
		try (ConfigurableApplicationContext application = start(Batch.class, "batch")) {
			JobOperator operator = application.getBean(JobOperator.class);
			MixedWork work = application.getBean(MixedWork.class);
			List<MixedWork.Unit> launches = MixedWork.units(UNITS / Batch.ITEMS);
			List<MixedWork.Unit> items = new ArrayList<>();
			for (MixedWork.Unit launch : launches) {
				inContextOf(launch, () -> {
					operator.start(application.getBean(Batch.class).job(launch.id()),
							new JobParametersBuilder().addString("launch", launch.id()).toJobParameters());
					return null;
				});
				Batch.items(launch.id()).forEach((item) -> items.add(new MixedWork.Unit(item, launch.tenant())));
			}

			work.assertSeen(items, (unit) -> List.of("processor " + unit.expected(), "writer " + unit.expected()));
			closeAndAssertClean(application);
		}
	}

	@Test
	void fetchersOfGraphQlReadTheRequestsValues() throws Exception {
		try (WebApp app = WebApp.start(GraphQl.class, "tests.frameworks=graphql", "server.tomcat.threads.max=4",
				"spring.graphql.schema.locations=classpath:compatibility/")) {
			HttpClient client = HttpClient.newHttpClient();
			assertRequestsAreSeparate((unit) -> {
				HttpRequest.Builder request = HttpRequest
					.newBuilder(URI.create("http://localhost:" + app.port() + "/graphql"))
					.header("Content-Type", "application/json")
					.POST(HttpRequest.BodyPublishers.ofString("{\"query\":\"{ tenant laterTenant }\"}"));
				if (unit.tenant() != null) {
					request.header("X-Tenant", unit.tenant());
				}
				return send(client, request.build());
			}, (unit) -> "{\"data\":{\"tenant\":\"" + unit.expected() + "\",\"laterTenant\":\"" + unit.expected()
					+ "\"}}");
		}
	}

	@Test
	void listenersOfApplicationModulesRunInACopyOfThePublishersContext() throws Exception {
		try (ConfigurableApplicationContext application = start(Modules.class, "modulith",
				"spring.modulith.events.jdbc.schema-initialization.enabled=true")) {
			TransactionTemplate transactions = new TransactionTemplate(
					application.getBean(PlatformTransactionManager.class));
			List<MixedWork.Unit> units = MixedWork.units(UNITS);
			for (MixedWork.Unit unit : units) {
				inContextOf(unit, () -> {
					transactions.executeWithoutResult((status) -> ((ApplicationEventPublisher) application)
						.publishEvent(new Modules.Ordered(unit.id())));
					return null;
				});
			}

			application.getBean(MixedWork.class).assertSeen(units, (unit) -> List.of("listener " + unit.expected()));
			closeAndAssertClean(application);
		}
	}

	@Test
	void runsThatShedLockLocksBeginEmpty() {
		try (ConfigurableApplicationContext application = start(Locks.class, "none")) {
			Queue<String> seen = application.getBean(Locks.Runs.class).seen();
			Awaitility.await().until(() -> seen.size() >= 5);

			assertThat(seen).containsOnly("-");
			assertThat(application.getBean(JdbcTemplate.class).queryForList("select name from shedlock", String.class))
				.containsExactly("job");
		}
	}

	@Test
	void requestsWithSessionsInADatabaseAreSeparate() throws Exception {
		try (WebApp app = WebApp.start(Sessions.class, "tests.frameworks=session", "server.tomcat.threads.max=4",
				"spring.datasource.generate-unique-name=true")) {
			assertRequestsAreSeparate((unit) -> (unit.tenant() != null)
					? app.get("/session", "X-Tenant", unit.tenant()).body() : app.get("/session").body(),
					(unit) -> unit.expected() + " " + unit.expected());
			assertThat(
					app.bean(JdbcTemplate.class).queryForObject("select count(*) from spring_session", Integer.class))
				.isEqualTo(UNITS);
		}
	}

	private static ConfigurableApplicationContext start(Class<?> application, String frameworks, String... properties) {
		return new SpringApplicationBuilder(application).web(WebApplicationType.NONE)
			.properties("tests.frameworks=" + frameworks, "spring.main.banner-mode=off",
					"spring.batch.job.enabled=false", "spring.datasource.generate-unique-name=true")
			.properties(properties)
			.run();
	}

	private static void closeAndAssertClean(ConfigurableApplicationContext application) throws Exception {
		WorkerProbe.Threads threads = application.getBean(WorkerProbe.Threads.class);
		application.getBean("applicationTaskExecutor", ThreadPoolTaskExecutor.class).shutdown();
		threads.joinAndAssertClean();
	}

	private static void inContextOf(MixedWork.Unit unit, Context.CallableOp<Void, Exception> operation)
			throws Exception {
		new Context().call(() -> {
			if (unit.tenant() != null) {
				MixedWork.TENANT.set(unit.tenant());
			}
			return operation.call();
		});
	}

	private static void assertRequestsAreSeparate(Function<MixedWork.Unit, String> request,
			Function<MixedWork.Unit, String> expected) throws Exception {
		ExecutorService clients = Executors.newFixedThreadPool(4);
		try {
			List<Future<String>> wrong = new ArrayList<>();
			for (MixedWork.Unit unit : MixedWork.units(UNITS)) {
				wrong.add(clients.submit(() -> {
					String body = request.apply(unit);
					return body.equals(expected.apply(unit)) ? null : unit + ": " + body;
				}));
			}
			for (Future<String> answer : wrong) {
				assertThat(answer.get(30, TimeUnit.SECONDS)).isNull();
			}
		}
		finally {
			clients.shutdownNow();
		}
	}

	private static String send(HttpClient client, HttpRequest request) {
		try {
			return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * The variable, the pool and the filter that all applications have.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	abstract static class Application {

		@Bean
		@ContextVariable
		static ContextVar<String> tenant() {
			return MixedWork.TENANT;
		}

		@Bean
		static MixedWork work() {
			return new MixedWork();
		}

		@Bean
		static WorkerProbe.Threads threads() {
			return new WorkerProbe.Threads();
		}

		@Bean
		static ThreadPoolTaskExecutor applicationTaskExecutor(WorkerProbe.Threads threads) {
			ThreadPoolTaskExecutor pool = new ThreadPoolTaskExecutor();
			pool.setThreadFactory(threads);
			pool.setCorePoolSize(3);
			return pool;
		}

		@Bean
		static Filter tenantFilter() {
			return (request, response, chain) -> {
				String tenant = ((HttpServletRequest) request).getHeader("X-Tenant");
				if (tenant != null) {
					MixedWork.TENANT.set(tenant);
				}
				chain.doFilter(request, response);
			};
		}

	}

	/**
	 * A job whose processor runs on the pool.
	 */
	static class Batch extends Application {

		static final int ITEMS = 10;

		private final JobRepository repository;

		private final PlatformTransactionManager transactionManager;

		private final ThreadPoolTaskExecutor pool;

		private final MixedWork work;

		Batch(JobRepository repository, PlatformTransactionManager transactionManager,
				@Qualifier("applicationTaskExecutor") ThreadPoolTaskExecutor pool, MixedWork work) {
			this.repository = repository;
			this.transactionManager = transactionManager;
			this.pool = pool;
			this.work = work;
		}

		static List<String> items(String launch) {
			return MixedWork.units(ITEMS).stream().map((item) -> launch + "-" + item.id()).toList();
		}

		Job job(String launch) {
			return new JobBuilder("job-" + launch, this.repository)
				.start(new StepBuilder("step", this.repository).<String, String>chunk(ITEMS / 2)
					.transactionManager(this.transactionManager)
					.reader(new ListItemReader<>(items(launch)))
					.processor((item) -> {
						this.work.end(item, "processor");
						return item;
					})
					.writer((chunk) -> chunk.forEach((item) -> this.work.see(item, "writer")))
					.taskExecutor(this.pool)
					.build())
				.build();
		}

	}

	/**
	 * Two fetchers, one of which answers from the pool.
	 */
	static class GraphQl extends Application {

		@Bean
		static Fetchers fetchers(@Qualifier("applicationTaskExecutor") ThreadPoolTaskExecutor pool) {
			return new Fetchers(pool);
		}

		@Controller
		record Fetchers(ThreadPoolTaskExecutor pool) {

			@QueryMapping
			String tenant() {
				return MixedWork.TENANT.get();
			}

			@QueryMapping
			CompletableFuture<String> laterTenant() {
				return CompletableFuture.supplyAsync(() -> {
					String tenant = MixedWork.TENANT.get();
					MixedWork.TENANT.set("left behind");
					return tenant;
				}, this.pool);
			}

		}

	}

	/**
	 * A listener of another module.
	 */
	static class Modules extends Application {

		@Bean
		static Listener listener(MixedWork work) {
			return new Listener(work);
		}

		record Ordered(String id) {

		}

		static class Listener {

			private final MixedWork work;

			Listener(MixedWork work) {
				this.work = work;
			}

			@ApplicationModuleListener
			void on(Ordered event) {
				this.work.end(event.id(), "listener");
			}

		}

	}

	/**
	 * A scheduled method that one of many instances runs at a time.
	 */
	@EnableScheduling
	@EnableSchedulerLock(defaultLockAtMostFor = "PT1M")
	static class Locks extends Application {

		@Bean
		static Runs runs() {
			return new Runs();
		}

		@Bean
		static LockProvider lockProvider(DataSource dataSource) {
			JdbcTemplate template = new JdbcTemplate(dataSource);
			template.execute("create table shedlock(name varchar(64) primary key, lock_until timestamp(3),"
					+ " locked_at timestamp(3), locked_by varchar(255))");
			return new JdbcTemplateLockProvider(template);
		}

		static class Runs {

			private final Queue<String> seen = new ConcurrentLinkedQueue<>();

			Queue<String> seen() {
				return this.seen;
			}

			@Scheduled(fixedDelay = 1)
			@SchedulerLock(name = "job")
			void run() {
				this.seen.add(MixedWork.TENANT.get());
				MixedWork.TENANT.set("left behind");
			}

		}

	}

	/**
	 * A controller whose sessions are in a database.
	 */
	static class Sessions extends Application {

		@Bean
		static Requests requests() {
			return new Requests();
		}

		@RestController
		static class Requests {

			@GetMapping("/session")
			String get(HttpSession session) {
				session.setAttribute("tenant", MixedWork.TENANT.get());
				String seen = MixedWork.TENANT.get() + " " + session.getAttribute("tenant");
				MixedWork.TENANT.set("left behind");
				return seen;
			}

		}

	}

}

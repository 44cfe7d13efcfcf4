package io.github.contextvars.spring;

import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;

import javax.sql.DataSource;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpSession;
import jakarta.servlet.http.HttpSessionBindingEvent;
import jakarta.servlet.http.HttpSessionBindingListener;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.provider.jdbctemplate.JdbcTemplateLockProvider;
import net.javacrumbs.shedlock.spring.annotation.EnableSchedulerLock;
import net.javacrumbs.shedlock.spring.annotation.SchedulerLock;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.ExitStatus;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.job.parameters.JobParametersBuilder;
import org.springframework.batch.core.launch.JobOperator;
import org.springframework.batch.core.listener.StepExecutionListener;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.batch.autoconfigure.BatchTaskExecutor;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.TaskExecutor;
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
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Frameworks that have no integration of their own, as what they run is on beans that are
 * instrumented.
 */
class FrameworkPropagationTests {

	private static final int UNITS = 240;

	private static final String THREADING = "io.github.contextvars.testsupport.Threading#available";

	@ParameterizedTest
	@MethodSource("launchers")
	void stepsOfBatchJobsRunInTheLaunchersContext(Class<? extends Batch> launcher, Threading threading)
			throws Exception {
		try (ConfigurableApplicationContext application = start(launcher, "batch", threading)) {
			List<MixedWork.Unit> items = new ArrayList<>();
			List<JobExecution> executions = new ArrayList<>();
			for (MixedWork.Unit launch : MixedWork.units(UNITS / Batch.ITEMS)) {
				inContextOf(launch,
						() -> executions.add(application.getBean(JobOperator.class)
							.start(application.getBean(Batch.class).job(launch.id()),
									new JobParametersBuilder().addString("launch", launch.id()).toJobParameters())));
				Batch.items(launch.id()).forEach((item) -> items.add(new MixedWork.Unit(item, launch.tenant())));
			}

			Awaitility.await()
				.untilAsserted(() -> assertThat(executions).extracting(JobExecution::getStatus)
					.containsOnly(BatchStatus.COMPLETED));
			application.getBean(MixedWork.class)
				.assertSeen(items, (unit) -> List.of("reader " + unit.expected(), "processor " + unit.expected(),
						"writer " + unit.expected()));
			closeAndAssertClean(application);
		}
	}

	static Stream<Arguments> launchers() {
		return Threading.available()
			.flatMap((threading) -> Stream.of(Arguments.of(Batch.class, threading),
					Arguments.of(LaunchedBatch.class, threading)));
	}

	@ParameterizedTest
	@MethodSource(THREADING)
	void fetchersOfGraphQlReadTheRequestsValues(Threading threading) throws Exception {
		try (WebApp app = WebApp.start(GraphQl.class, "tests.frameworks=graphql", "server.tomcat.threads.max=4",
				"spring.graphql.schema.locations=classpath:compatibility/", threading.property())) {
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
			closeAndAssertClean(app);
		}
	}

	@ParameterizedTest
	@MethodSource(THREADING)
	void listenersOfApplicationModulesRunInACopyOfThePublishersContext(Threading threading) throws Exception {
		try (ConfigurableApplicationContext application = start(Modules.class, "modulith", threading,
				"spring.modulith.events.jdbc.schema-initialization.enabled=true")) {
			TransactionTemplate transactions = new TransactionTemplate(
					application.getBean(PlatformTransactionManager.class));
			List<MixedWork.Unit> units = MixedWork.units(UNITS);
			JdbcTemplate database = application.getBean(JdbcTemplate.class);
			database.execute("create table orders(id varchar(64) primary key)");
			for (MixedWork.Unit unit : units) {
				inContextOf(unit, () -> {
					transactions.executeWithoutResult((status) -> {
						application.publishEvent(new Modules.Ordered(unit.id()));
						database.update("insert into orders values (?)", unit.id());
					});
					return assertThat(MixedWork.TENANT.get()).isEqualTo(unit.expected());
				});
			}

			application.getBean(MixedWork.class)
				.assertSeen(units, (unit) -> List.of("listener of committed order " + unit.expected()));
			Awaitility.await()
				.untilAsserted(() -> assertThat(database
					.queryForList("select completion_date is not null from event_publication", Boolean.class))
					.hasSize(UNITS)
					.containsOnly(true));
			closeAndAssertClean(application);
		}
	}

	@ParameterizedTest
	@MethodSource(THREADING)
	void runsThatShedLockLocksBeginEmpty(Threading threading) {
		try (ConfigurableApplicationContext application = start(Locks.class, "none", threading)) {
			Queue<String> seen = application.getBean(Locks.Runs.class).seen();
			Awaitility.await().until(() -> seen.size() >= 5);

			assertThat(seen).containsOnly("-");
			assertThat(application.getBean(JdbcTemplate.class).queryForList("select name from shedlock", String.class))
				.containsExactly("job");
		}
	}

	@ParameterizedTest
	@MethodSource(THREADING)
	void requestsWithSessionsInADatabaseAreSeparate(Threading threading) throws Exception {
		try (WebApp app = WebApp.start(Sessions.class, "tests.frameworks=jdbc,session", "server.tomcat.threads.max=4",
				"spring.datasource.generate-unique-name=true", threading.property())) {
			Map<String, String> cookies = new HashMap<>();
			for (String tenant : List.of("tenant-0", "tenant-1", "-")) {
				cookies.put(tenant, app.get("/session", "X-Tenant", tenant).headers().firstValue("Set-Cookie").get());
			}
			assertRequestsAreSeparate((unit) -> {
				String cookie = cookies.get(unit.expected());
				return (unit.tenant() != null) ? app.get("/session", "Cookie", cookie, "X-Tenant", unit.tenant()).body()
						: app.get("/session", "Cookie", cookie).body();
			}, (unit) -> "session of " + unit.expected() + ", request of " + unit.expected() + ", bound by "
					+ unit.expected());
			assertThat(
					app.bean(JdbcTemplate.class).queryForObject("select count(*) from spring_session", Integer.class))
				.isEqualTo(cookies.size());
			closeAndAssertClean(app);
		}
	}

	private static ConfigurableApplicationContext start(Class<?> application, String frameworks, Threading threading,
			String... properties) {
		return new SpringApplicationBuilder(application).web(WebApplicationType.NONE)
			.properties("tests.frameworks=jdbc," + frameworks, "spring.main.banner-mode=off",
					"spring.batch.job.enabled=false", "spring.datasource.generate-unique-name=true",
					threading.property())
			.properties(properties)
			.run();
	}

	private static void closeAndAssertClean(ConfigurableApplicationContext application) throws Exception {
		WorkerProbe.Threads threads = application.getBean(WorkerProbe.Threads.class);
		application.close();
		threads.joinAndAssertClean();
	}

	private static void closeAndAssertClean(WebApp app) throws Exception {
		WorkerProbe.Threads threads = app.bean(WorkerProbe.Threads.class);
		app.assertClean();
		app.close();
		threads.joinAndAssertClean();
	}

	private static void inContextOf(MixedWork.Unit unit, Context.CallableOp<?, Exception> operation) throws Exception {
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
		static WorkerProbe.Threads threads(Environment environment) {
			return WorkerProbe.Threads.of(org.springframework.boot.thread.Threading.VIRTUAL.isActive(environment)
					? Threading.VIRTUAL : Threading.PLATFORM);
		}

		@Bean
		static AsyncTaskExecutor applicationTaskExecutor(WorkerProbe.Threads threads) {
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

		private final AsyncTaskExecutor pool;

		private final MixedWork work;

		Batch(JobRepository repository, PlatformTransactionManager transactionManager,
				@Qualifier("applicationTaskExecutor") AsyncTaskExecutor pool, MixedWork work) {
			this.repository = repository;
			this.transactionManager = transactionManager;
			this.pool = pool;
			this.work = work;
		}

		static List<String> items(String launch) {
			return MixedWork.units(ITEMS).stream().map((item) -> launch + "-" + item.id()).toList();
		}

		Job job(String launch) {
			Queue<String> items = new ArrayDeque<>(items(launch));
			return new JobBuilder("job-" + launch, this.repository)
				.start(new StepBuilder("step", this.repository).<String, String>chunk(ITEMS / 2)
					.transactionManager(this.transactionManager)
					.reader(() -> {
						String item = items.poll();
						if (item != null) {
							this.work.see(item, "reader");
						}
						return item;
					})
					.processor((item) -> {
						this.work.end(item, "processor");
						return item;
					})
					.writer((chunk) -> chunk.forEach((item) -> this.work.see(item, "writer")))
					.taskExecutor(this.pool)
					.listener(new StepExecutionListener() {

						@Override
						public ExitStatus afterStep(StepExecution execution) {
							MixedWork.TENANT.set("left by " + launch);
							return null;
						}

					})
					.build())
				.build();
		}

	}

	/**
	 * The same, where each launch goes on without its launcher.
	 */
	static class LaunchedBatch extends Batch {

		LaunchedBatch(JobRepository repository, PlatformTransactionManager transactionManager,
				@Qualifier("applicationTaskExecutor") AsyncTaskExecutor pool, MixedWork work) {
			super(repository, transactionManager, pool, work);
		}

		@Bean
		@BatchTaskExecutor
		static TaskExecutor launcher(WorkerProbe.Threads threads) {
			ThreadPoolTaskExecutor pool = new ThreadPoolTaskExecutor();
			pool.setThreadFactory(threads);
			pool.setCorePoolSize(2);
			return pool;
		}

	}

	/**
	 * Two fetchers, one of which answers from the pool.
	 */
	static class GraphQl extends Application {

		@Bean
		static Fetchers fetchers(@Qualifier("applicationTaskExecutor") AsyncTaskExecutor pool) {
			return new Fetchers(pool);
		}

		@Controller
		record Fetchers(AsyncTaskExecutor pool) {

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
		static Listener listener(MixedWork work, JdbcTemplate database) {
			return new Listener(work, database);
		}

		record Ordered(String id) {

		}

		static class Listener {

			private final MixedWork work;

			private final JdbcTemplate database;

			Listener(MixedWork work, JdbcTemplate database) {
				this.work = work;
				this.database = database;
			}

			@ApplicationModuleListener
			void on(Ordered event) {
				List<String> committed = this.database.queryForList("select id from orders where id = ?", String.class,
						event.id());
				this.work.end(event.id(), committed.isEmpty() ? "listener" : "listener of committed order");
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
				String tenant = MixedWork.TENANT.get();
				// Outside any context this fails, and the run does not count.
				MixedWork.TENANT.set("left behind");
				this.seen.add(tenant);
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
				if (session.isNew()) {
					session.setAttribute("user", MixedWork.TENANT.get());
				}
				Visit visit = new Visit();
				session.setAttribute("visit", visit);
				String seen = "session of " + session.getAttribute("user") + ", request of " + MixedWork.TENANT.get()
						+ ", bound by " + visit.boundBy;
				MixedWork.TENANT.set("left behind");
				return seen;
			}

		}

		/**
		 * An attribute that is told when it is bound.
		 */
		static class Visit implements HttpSessionBindingListener, Serializable {

			private static final long serialVersionUID = 1L;

			private String boundBy;

			@Override
			public void valueBound(HttpSessionBindingEvent event) {
				this.boundBy = MixedWork.TENANT.get();
			}

		}

	}

}

package io.github.contextvars.spring.threadlocal;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;

import javax.sql.DataSource;

import io.github.resilience4j.circuitbreaker.annotation.CircuitBreaker;
import io.micrometer.observation.ObservationRegistry;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.provider.jdbctemplate.JdbcTemplateLockProvider;
import net.javacrumbs.shedlock.spring.annotation.EnableSchedulerLock;
import net.javacrumbs.shedlock.spring.annotation.SchedulerLock;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.task.ThreadPoolTaskExecutorBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.modulith.events.ApplicationModuleListener;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

import io.github.contextvars.spring.testing.ThreadLocalValues;
import io.github.contextvars.spring.threadlocal.MatrixApplication.Seen;

/**
 * The part of {@link MatrixApplication} that libraries on top of Spring's own call.
 */
final class MatrixLibraries {

	private MatrixLibraries() {
	}

	/**
	 * Publish an event to a module, in an application of its own: Modulith brings its own
	 * multicaster.
	 */
	static void publishToModule(ConfigurableApplicationContext app) throws Exception {
		SpringApplicationBuilder builder = new SpringApplicationBuilder(Modules.class).web(WebApplicationType.NONE)
			.properties("tests.frameworks=jdbc,modulith", "spring.main.banner-mode=off",
					"spring.datasource.generate-unique-name=true",
					"spring.modulith.events.jdbc.schema-initialization.enabled=true")
			.initializers((modules) -> modules.getBeanFactory().registerSingleton("seen", app.getBean(Seen.class)));
		for (String property : List.of("contextvars.thread-locals", "spring.autoconfigure.exclude",
				"spring.task.execution.propagate-context")) {
			if (app.getEnvironment().containsProperty(property)) {
				builder.properties(property + "=" + app.getEnvironment().getProperty(property));
			}
		}
		try (ConfigurableApplicationContext modules = builder.run()) {
			TransactionTemplate transactions = new TransactionTemplate(
					modules.getBean(PlatformTransactionManager.class));
			ThreadLocalValues.runAs("alice", () -> transactions
				.executeWithoutResult((status) -> modules.publishEvent(new Modules.Ordered("1"))));
			app.getBean(Seen.class).await("module listener");
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Batch {

		@Bean
		static Job job(JobRepository repository, PlatformTransactionManager transactionManager,
				@Qualifier("applicationTaskExecutor") AsyncTaskExecutor pool, Seen seen) {
			Queue<String> items = new ArrayDeque<>(List.of("item"));
			return new JobBuilder("matrix", repository)
				.start(new StepBuilder("step", repository).<String, String>chunk(1)
					.transactionManager(transactionManager)
					.reader(items::poll)
					.processor((item) -> {
						seen.here("processor");
						return item;
					})
					.writer((chunk) -> {
					})
					.taskExecutor(pool)
					.build())
				.build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableSchedulerLock(defaultLockAtMostFor = "PT1M")
	static class Locks {

		@Bean
		static LockedRuns lockedRuns(Seen seen) {
			return new LockedRuns(seen);
		}

		@Bean
		static LockProvider lockProvider(DataSource dataSource) {
			JdbcTemplate template = new JdbcTemplate(dataSource);
			template.execute("create table shedlock(name varchar(64) primary key, lock_until timestamp(3),"
					+ " locked_at timestamp(3), locked_by varchar(255))");
			return new JdbcTemplateLockProvider(template);
		}

	}

	static class LockedRuns {

		private final Seen seen;

		LockedRuns(Seen seen) {
			this.seen = seen;
		}

		@Scheduled(fixedDelay = 10)
		@SchedulerLock(name = "job")
		void run() {
			this.seen.here("locked");
		}

	}

	static class Guarded {

		private final Seen seen;

		Guarded(Seen seen) {
			this.seen = seen;
		}

		@CircuitBreaker(name = "guarded", fallbackMethod = "fallback")
		CompletableFuture<String> call(CompletableFuture<String> result) {
			return result;
		}

		CompletableFuture<String> fallback(CompletableFuture<String> result, Throwable ex) {
			this.seen.here("fallback");
			return CompletableFuture.completedFuture("");
		}

	}

	/**
	 * A listener of another module.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Modules {

		@Bean
		static ObservationRegistry observationRegistry() {
			return ThreadLocalValues.OBSERVATIONS;
		}

		@Bean
		static ThreadPoolTaskExecutor applicationTaskExecutor(ThreadPoolTaskExecutorBuilder builder) {
			return MatrixApplication.applicationTaskExecutor(builder);
		}

		@Bean
		static Listener listener(Seen seen) {
			return new Listener(seen);
		}

		record Ordered(String id) {

		}

		static class Listener {

			private final Seen seen;

			Listener(Seen seen) {
				this.seen = seen;
			}

			@ApplicationModuleListener
			void on(Ordered event) {
				this.seen.here("module listener");
			}

		}

	}

}

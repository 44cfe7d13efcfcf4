package io.github.contextvars.spring;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskSchedulingAutoConfiguration;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ContextConsumer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.SimpleAsyncTaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

import io.github.contextvars.Context;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.testing.ThreadContextProbe;
import io.github.contextvars.spring.testing.WorkerProbe;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Scheduled work: what the application declares begins empty each time, what it hands to
 * a scheduler begins with the submitter's values each time.
 */
class ScheduledPropagationTests {

	@ParameterizedTest
	@EnumSource
	void eachRunOfScheduledMethodBeginsEmpty(Scheduler scheduler) throws Exception {
		assertEachRunBeginsEmpty(scheduler);
	}

	static void assertEachRunBeginsEmpty(Scheduler scheduler, String... properties) throws Exception {
		WorkerProbe.Threads threads = new WorkerProbe.Threads();
		scheduler.run(threads, (runner) -> runner.withUserConfiguration(Jobs.class).withPropertyValues(properties),
				(context) -> {
					assertThat(context).hasNotFailed();
					Jobs jobs = context.getBean(Jobs.class);
					for (CountDownLatch enough : jobs.enough.values()) {
						PropagationAssertions.await(enough);
					}
					assertThat(jobs.seen).containsOnlyKeys("fixedRate", "fixedDelay", "cron", "once", "failing");
					jobs.seen.forEach((method, seen) -> assertThat(seen).as(method).containsOnly("none, none"));
					if (context.getBean(TaskScheduler.class) instanceof ThreadPoolTaskScheduler pool) {
						WorkerProbe.ofPool(pool.getScheduledThreadPoolExecutor()).assertClean();
					}
				});
		assertThat(ThreadContextProbe.isInContext()).isFalse();
		threads.joinAndAssertClean();
	}

	@ParameterizedTest
	@EnumSource
	void eachRunOfWhatIsScheduledByHandStartsFromSubmittersValues(Scheduler scheduler) throws Exception {
		WorkerProbe.Threads threads = new WorkerProbe.Threads();
		scheduler.run(threads, (runner) -> runner, (context) -> {
			TaskScheduler bean = context.getBean(TaskScheduler.class);
			WorkerProbe worker = (bean instanceof ThreadPoolTaskScheduler pool)
					? WorkerProbe.ofPool(pool.getScheduledThreadPoolExecutor()) : threads;
			OutsideOfContexts.run(() -> {
				for (SubmissionMethod way : SubmissionMethod.allOf(bean)) {
					PropagationAssertions.assertPropagates(way, worker);
				}
			});
		});
		threads.joinAndAssertClean();
	}

	/**
	 * The schedulers that a Spring Boot application may have.
	 */
	enum Scheduler {

		BOOTS_POOL(false, null),

		BOOTS_VIRTUAL_THREADS(true, null),

		USERS_POOL(false, UsersPool.class),

		USERS_THREADS(false, UsersThreads.class);

		private final boolean virtual;

		private final Class<?> configuration;

		Scheduler(boolean virtual, Class<?> configuration) {
			this.virtual = virtual && Runtime.version().feature() >= 21;
			this.configuration = configuration;
		}

		/**
		 * Start an application inside of a context with a value, as an embedding program
		 * may do.
		 */
		private void run(WorkerProbe.Threads threads, UnaryOperator<ApplicationContextRunner> customizer,
				ContextConsumer<AssertableApplicationContext> consumer) {
			ApplicationContextRunner runner = new ApplicationContextRunner()
				.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
						ContextVarsTaskAutoConfiguration.class, AopAutoConfiguration.class,
						TaskSchedulingAutoConfiguration.class))
				.withPropertyValues("spring.threads.virtual.enabled=" + this.virtual)
				.withBean(WorkerProbe.Threads.class, () -> threads)
				.withUserConfiguration(Scheduling.class);
			ApplicationContextRunner configured = customizer
				.apply((this.configuration != null) ? runner.withUserConfiguration(this.configuration) : runner);
			Context starter = new Context();
			starter.run(() -> {
				PropagationAssertions.TENANT.set("starter");
				configured.run(consumer);
				assertThat(PropagationAssertions.TENANT.get()).isEqualTo("starter");
			});
		}

	}

	/**
	 * Runs a body on a thread that is in no context.
	 */
	static final class OutsideOfContexts {

		private OutsideOfContexts() {
		}

		static void run(Body body) throws Exception {
			Throwable[] failure = new Throwable[1];
			Thread thread = new Thread(() -> {
				try {
					body.run();
				}
				catch (Throwable ex) {
					failure[0] = ex;
				}
			});
			thread.start();
			thread.join();
			if (failure[0] != null) {
				throw new AssertionError(failure[0]);
			}
		}

		interface Body {

			void run() throws Exception;

		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableScheduling
	static class Scheduling {

	}

	@Configuration(proxyBeanMethods = false)
	static class UsersPool {

		@Bean
		ThreadPoolTaskScheduler usersScheduler(WorkerProbe.Threads threads) {
			ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
			scheduler.setThreadFactory(threads);
			scheduler.setTaskDecorator((task) -> () -> task.run());
			return scheduler;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class UsersThreads {

		@Bean
		SimpleAsyncTaskScheduler usersScheduler(WorkerProbe.Threads threads) {
			SimpleAsyncTaskScheduler scheduler = new SimpleAsyncTaskScheduler();
			scheduler.setThreadFactory(threads);
			scheduler.setTaskDecorator((task) -> () -> task.run());
			return scheduler;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Jobs {

		private final Map<String, List<String>> seen = new ConcurrentHashMap<>();

		private final Map<String, CountDownLatch> enough = Map.of("fixedRate", new CountDownLatch(3), "fixedDelay",
				new CountDownLatch(3), "cron", new CountDownLatch(2), "once", new CountDownLatch(1), "failing",
				new CountDownLatch(3));

		@Scheduled(fixedRate = 5)
		void fixedRate() {
			see("fixedRate");
		}

		@Scheduled(fixedDelay = 5)
		void fixedDelay() {
			see("fixedDelay");
		}

		@Scheduled(cron = "* * * * * *")
		void cron() {
			see("cron");
		}

		@Scheduled(initialDelay = 1)
		void once() {
			see("once");
		}

		@Scheduled(fixedRate = 5)
		void failing() {
			see("failing");
			throw new PlannedException();
		}

		private void see(String method) {
			this.seen.computeIfAbsent(method, (key) -> new CopyOnWriteArrayList<>()).add(PropagationAssertions.swap());
			this.enough.get(method).countDown();
		}

	}

	@SuppressWarnings("serial")
	static class PlannedException extends RuntimeException {

		PlannedException() {
			super("planned", null, false, false);
		}

	}

}

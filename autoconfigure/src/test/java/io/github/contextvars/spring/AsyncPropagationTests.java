package io.github.contextvars.spring;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.interceptor.AsyncUncaughtExceptionHandler;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizationAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.EventListener;
import org.springframework.context.event.SimpleApplicationEventMulticaster;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.AsyncConfigurer;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.test.util.AopTestUtils;
import org.springframework.transaction.event.TransactionPhase;
import org.springframework.transaction.event.TransactionalEventListener;
import org.springframework.transaction.support.TransactionTemplate;

import io.github.contextvars.Context;
import io.github.contextvars.ContextFuture;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.testing.ThreadContextProbe;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * {@code @Async} methods and event listeners.
 */
class AsyncPropagationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(
				AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class,
						AopAutoConfiguration.class, TaskExecutionAutoConfiguration.class))
		.withPropertyValues("spring.task.execution.pool.core-size=1");

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void asyncMethodOnBootsExecutor(Threading threading) {
		this.runner.withPropertyValues(threading.property())
			.withUserConfiguration(AsyncApplication.class)
			.run((context) -> {
				Object executor = context.getBean("applicationTaskExecutor");
				assertThat(executor).isInstanceOf((threading == Threading.VIRTUAL) ? SimpleAsyncTaskExecutor.class
						: ThreadPoolTaskExecutor.class);
				assertAsyncMethodsPropagate(context, workerOf(executor));
			});
	}

	@Test
	void taskThatAnExecutorInBetweenSubmitsBeforeTheCallsOwnSeesTheValue() {
		this.runner.withUserConfiguration(AsyncApplication.class, AuditingExecutor.class)
			.withBean(Audit.class)
			.run((context) -> {
				Audit audit = context.getBean(Audit.class);
				CompletableFuture<String> seen = new CompletableFuture<>();
				new Context().run(() -> {
					PropagationAssertions.TENANT.set("acme");
					context.getBean(Service.class).run(() -> seen.complete(PropagationAssertions.TENANT.get()));
				});

				assertThat(seen).succeedsWithin(Duration.ofSeconds(30)).isEqualTo("acme");
				assertThat(audit.seen).succeedsWithin(Duration.ofSeconds(30)).isEqualTo("acme");
			});
	}

	@Test
	void asyncMethodReturnsContextFuture() {
		this.runner.withUserConfiguration(AsyncApplication.class).withBean(Futures.class).run((context) -> {
			Futures futures = context.getBean(Futures.class);
			List<CompletableFuture<String>> stages = new Context().call(() -> {
				PropagationAssertions.TENANT.set("acme");
				ContextFuture<String> future = futures.work();
				return List.of(future.thenApply((text) -> text + PropagationAssertions.TENANT.get()),
						futures.fail().exceptionally((ex) -> "failed for " + PropagationAssertions.TENANT.get()),
						futures.plain());
			});
			futures.release();

			assertThat(stages.get(0)).succeedsWithin(Duration.ofSeconds(30)).isEqualTo("worked for acme, acme");
			assertThat(stages.get(1)).succeedsWithin(Duration.ofSeconds(30)).isEqualTo("failed for acme");
			assertThat(stages.get(2)).isNotInstanceOf(ContextFuture.class)
				.succeedsWithin(Duration.ofSeconds(30))
				.isEqualTo("plain");
			workerOf(context.getBean("applicationTaskExecutor")).assertClean();
		});
	}

	@Test
	void eventListenerReturnsContextFuture() {
		this.runner.withUserConfiguration(AsyncApplication.class).withBean(Futures.class).run((context) -> {
			Futures futures = context.getBean(Futures.class);
			new Context().run(() -> {
				PropagationAssertions.TENANT.set("acme");
				context.publishEvent(new Question("how?"));
			});

			assertThat(futures.answer()).succeedsWithin(Duration.ofSeconds(30)).isEqualTo("how? said acme");
		});
	}

	@Test
	void asyncMethodOnUsersThreadPoolTaskExecutor() {
		this.runner.withUserConfiguration(AsyncApplication.class, UsersPool.class).run((context) -> {
			assertThat(context).doesNotHaveBean("applicationTaskExecutor");
			UsersPool users = context.getBean(UsersPool.class);
			assertAsyncMethodsPropagate(context, workerOf(context.getBean("usersPool")));
			assertThat(users.seen).contains("acme").doesNotContain("the task's");
		});
	}

	@Test
	void asyncMethodOnUsersPlainExecutorService() {
		this.runner.withUserConfiguration(AsyncApplication.class, UsersService.class).run((context) -> {
			assertThat(context).doesNotHaveBean("applicationTaskExecutor");
			// Spring takes a service for @Async only if it is called so.
			assertAsyncMethodsPropagate(context,
					WorkerProbe.ofPool(AopTestUtils.getUltimateTargetObject(context.getBean("taskExecutor"))));
		});
	}

	@Test
	void asyncMethodOnSpringsFallbackBesideUsersPlainExecutor() {
		this.runner.withUserConfiguration(AsyncApplication.class, UsersJdkPool.class, InjectionPoint.class)
			.run((context) -> {
				assertThat(context).doesNotHaveBean("applicationTaskExecutor");
				assertAsyncMethodsPropagate(context, () -> {
				});
			});
	}

	@Test
	void qualifiedAsyncMethodOnUsersThreadPoolExecutor() {
		this.runner.withUserConfiguration(AsyncApplication.class, UsersJdkPool.class).run((context) -> {
			Service service = context.getBean(Service.class);
			PropagationAssertions.assertPropagates(SubmissionMethod.of("@Async(name)", service::callOnUsersPool),
					workerOf(context.getBean(ThreadPoolExecutor.class)));
		});
	}

	@Test
	void asyncMethodOnSpringsFallbackBesideTwoExecutorsOfUsers() {
		this.runner.withUserConfiguration(AsyncApplication.class, UsersPool.class, UsersThreads.class)
			.run((context) -> assertAsyncMethodsPropagate(context, () -> {
			}));
	}

	@Test
	void asyncMethodOnUsersThreads() {
		this.runner.withUserConfiguration(AsyncApplication.class, UsersThreads.class)
			.run((context) -> assertAsyncMethodsPropagate(context,
					context.getBean(UsersThreads.class).threads::joinAndAssertClean));
	}

	@ParameterizedTest
	@EnumSource
	void asyncMethodOnExecutorOfAsyncConfigurer(ConfigurersExecutor kind) {
		Configurer configurer = new Configurer(kind);
		this.runner.withUserConfiguration(AsyncApplication.class)
			.withBean(Configurer.class, () -> configurer)
			.run((context) -> assertAsyncMethodsPropagate(context, configurer.worker()));
		configurer.shutdown();
	}

	@Test
	void asyncMethodOnExecutorOfAsyncConfigurerThatIsConfigurationClass() {
		this.runner.withUserConfiguration(AsyncApplication.class, ConfiguringConfiguration.class)
			.run((context) -> assertAsyncMethodsPropagate(context, workerOf(context.getBean("own"))));
	}

	@ParameterizedTest
	@EnumSource
	void handlerOfUncaughtExceptionsSeesWhatTheMethodSaw(ConfigurersExecutor kind) throws Exception {
		Configurer configurer = new Configurer(kind);
		this.runner.withUserConfiguration(AsyncApplication.class)
			.withBean(Configurer.class, () -> configurer)
			.run((context) -> assertHandlerSeesWhatTheMethodSaw(context, configurer));
		configurer.worker().assertClean();
		configurer.shutdown();
	}

	@Test
	void handlerOfUncaughtExceptionsOnExcludedExecutorSeesWhatTheMethodSaw() {
		Configurer configurer = new Configurer(ConfigurersExecutor.LAMBDA) {

			@Override
			public Executor getAsyncExecutor() {
				return null; // Boot's
			}

		};
		this.runner.withUserConfiguration(AsyncApplication.class)
			.withBean(Configurer.class, () -> configurer)
			.withPropertyValues("contextvars.task.exclude=applicationTaskExecutor")
			.run((context) -> assertHandlerSeesWhatTheMethodSaw(context, configurer));
	}

	private static void assertHandlerSeesWhatTheMethodSaw(ApplicationContext context, Configurer configurer) {
		Service service = context.getBean(Service.class);
		for (String tenant : List.of("acme", "globex")) {
			new Context().run(() -> {
				PropagationAssertions.TENANT.set(tenant);
				service.run(() -> {
					PropagationAssertions.STEP.set("of " + tenant);
					throw new IllegalStateException("planned");
				});
				// A failure that goes into a future calls no handler, now or later.
				assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> service.call(() -> {
					throw new IllegalStateException("planned");
				}).get(30, TimeUnit.SECONDS));
			});
		}
		service.run(() -> {
			throw new IllegalStateException("planned");
		});
		Awaitility.await()
			.untilAsserted(() -> assertThat(configurer.handled).containsExactlyInAnyOrder("acme, of acme",
					"globex, of globex", "none, none"));
	}

	private static void assertAsyncMethodsPropagate(ApplicationContext context, WorkerProbe worker) throws Exception {
		Service service = context.getBean(Service.class);
		PropagationAssertions.assertPropagates(SubmissionMethod.of("@Async void", (body) -> {
			service.run(body);
			return null;
		}), worker);
		PropagationAssertions.assertPropagates(SubmissionMethod.of("@Async CompletableFuture", service::call), worker);
		PropagationAssertions.assertPropagates(SubmissionMethod.of("@Async @EventListener", (body) -> {
			context.publishEvent(new Job(body));
			return null;
		}), worker);
	}

	private static WorkerProbe workerOf(Object executor) {
		if (executor instanceof ThreadPoolTaskExecutor pool) {
			return WorkerProbe.ofPool(pool.getThreadPoolExecutor());
		}
		return (executor instanceof ExecutorService)
				? WorkerProbe.ofPool(AopTestUtils.getUltimateTargetObject(executor)) : () -> {
				};
	}

	@Test
	void eventListenerRunsInPublishersContext() {
		this.runner.withUserConfiguration(AsyncApplication.class).run((context) -> {
			new Context().run(() -> {
				PropagationAssertions.TENANT.set("acme");
				SyncJob job = new SyncJob(new ArrayList<>());
				context.publishEvent(job);
				assertThat(job.seen).containsExactly("acme, none");
				assertThat(PropagationAssertions.TENANT.get()).isEqualTo("the task's");
			});
			assertThat(ThreadContextProbe.isInContext()).isFalse();
		});
	}

	@ParameterizedTest
	@ValueSource(classes = { MulticasterOnThreads.class, MulticasterOnBean.class })
	void listenersOnTheExecutorOfAnEventMulticasterRunInACopyOfThePublishersContext(Class<?> multicaster) {
		this.runner.withUserConfiguration(AsyncApplication.class, multicaster).run((context) -> {
			WorkerProbe.Threads threads = context.getBean(WorkerProbe.Threads.class);
			for (Class<?> job : List.of(PlainJob.class, Job.class)) {
				PropagationAssertions.assertPropagates(
						SubmissionMethod.of(job.getSimpleName() + " on the multicaster's executor", (body) -> {
							context.publishEvent((job == Job.class) ? new Job(body) : new PlainJob(body));
							return null;
						}), threads);
			}
			assertThat(multicasters(context)).singleElement()
				.satisfies((entry) -> assertThat(entry.propagates()).isTrue());

			context.getBean(SimpleApplicationEventMulticaster.class).setTaskExecutor(Runnable::run);
			assertThat(multicasters(context)).singleElement()
				.satisfies((entry) -> assertThat(entry.propagates()).isFalse());
		});
	}

	@Test
	void errorHandlerOfAnEventMulticasterSeesWhatTheListenerSaw() {
		this.runner.withUserConfiguration(AsyncApplication.class, MulticasterOnThreads.class).run((context) -> {
			List<String> handled = new CopyOnWriteArrayList<>();
			context.getBean(SimpleApplicationEventMulticaster.class)
				.setErrorHandler((ex) -> handled
					.add(PropagationAssertions.TENANT.get() + ", " + PropagationAssertions.STEP.get()));
			new Context().run(() -> {
				PropagationAssertions.TENANT.set("acme");
				context.publishEvent(new PlainJob(failing("of the listener")));
			});
			context.publishEvent(new PlainJob(failing("of another")));

			Awaitility.await()
				.untilAsserted(() -> assertThat(handled).containsExactlyInAnyOrder("acme, of the listener",
						"none, of another"));
			context.getBean(WorkerProbe.Threads.class).joinAndAssertClean();
		});
	}

	@Test
	void eventMulticasterThatKeepsToAnExecutorOfItsOwnIsNamed() {
		this.runner.withUserConfiguration(AsyncApplication.class, MulticasterWithGetter.class)
			.run((context) -> assertThat(multicasters(context)).singleElement()
				.satisfies((entry) -> assertThat(entry.propagates()).isFalse()));
	}

	@Test
	void excludedEventMulticasterIsLeftAlone() {
		this.runner.withUserConfiguration(AsyncApplication.class, MulticasterOnThreads.class)
			.withPropertyValues("contextvars.task.exclude=applicationEventMulticaster")
			.run((context) -> assertThat(multicasters(context)).singleElement()
				.satisfies((entry) -> assertThat(entry.propagates()).isFalse()));
	}

	private static Runnable failing(String step) {
		return () -> {
			PropagationAssertions.STEP.set(step);
			throw new IllegalStateException("planned");
		};
	}

	private static Stream<PropagationSource.Entry> multicasters(ApplicationContext context) {
		return context.getBeanProvider(PropagationSource.class)
			.stream()
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.category().equals("event multicaster"));
	}

	@ParameterizedTest
	@EnumSource
	void transactionalEventListenerRunsInPublishersContext(TransactionPhase phase) {
		transactional().run((context) -> {
			assertThat(context).hasNotFailed();
			List<String> seen = context.getBean(TransactionalListeners.class).seen();
			new Context().run(() -> {
				PropagationAssertions.TENANT.set("acme");
				inTransaction(context, phase, new PhasedJob(phase, null));
			});
			assertThat(seen).containsExactly(phase + " acme");
			inTransaction(context, phase, new PhasedJob(phase, null));
			assertThat(seen).containsExactly(phase + " acme", phase + " none");
			assertThat(ThreadContextProbe.isInContext()).isFalse();
		});
	}

	@ParameterizedTest
	@EnumSource
	void transactionalEventListenerRunsWhereTransactionEnds(TransactionPhase phase) {
		transactional().run((context) -> {
			List<String> seen = context.getBean(TransactionalListeners.class).seen();
			new Context().run(() -> {
				PropagationAssertions.TENANT.set("acme");
				context.getBean(TransactionTemplate.class).executeWithoutResult((status) -> {
					new Context().run(() -> {
						PropagationAssertions.TENANT.set("globex");
						context.publishEvent(new PhasedJob(phase, null));
					});
					if (phase == TransactionPhase.AFTER_ROLLBACK) {
						status.setRollbackOnly();
					}
				});
			});

			assertThat(seen).containsExactly(phase + " acme");
		});
	}

	@ParameterizedTest
	@EnumSource
	void asyncTransactionalEventListener(TransactionPhase phase) {
		transactional()
			.run((context) -> PropagationAssertions.assertPropagates(SubmissionMethod.of("@Async " + phase, (body) -> {
				inTransaction(context, phase, new PhasedJob(phase, body));
				return null;
			}), workerOf(context.getBean("applicationTaskExecutor"))));
	}

	private ApplicationContextRunner transactional() {
		return this.runner
			.withConfiguration(AutoConfigurations.of(DataSourceAutoConfiguration.class,
					DataSourceTransactionManagerAutoConfiguration.class,
					TransactionManagerCustomizationAutoConfiguration.class, TransactionAutoConfiguration.class))
			.withPropertyValues("spring.datasource.generate-unique-name=true")
			.withUserConfiguration(AsyncApplication.class, TransactionalListeners.class);
	}

	private static void inTransaction(ApplicationContext context, TransactionPhase phase, PhasedJob job) {
		context.getBean(TransactionTemplate.class).executeWithoutResult((status) -> {
			context.publishEvent(job);
			if (phase == TransactionPhase.AFTER_ROLLBACK) {
				status.setRollbackOnly();
			}
		});
	}

	record Job(Runnable body) {

	}

	record PlainJob(Runnable body) {

	}

	record SyncJob(List<String> seen) {

	}

	record PhasedJob(TransactionPhase phase, Runnable asyncBody) {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	@Import(Service.class)
	static class AsyncApplication {

	}

	static class Service {

		@Async
		void run(Runnable body) {
			try {
				body.run();
			}
			catch (IllegalStateException ex) {
				throw new PlannedException(ex);
			}
		}

		@Async
		CompletableFuture<String> call(Runnable body) {
			body.run();
			return CompletableFuture.completedFuture("done");
		}

		@Async("usersPool")
		CompletableFuture<String> callOnUsersPool(Runnable body) {
			body.run();
			return CompletableFuture.completedFuture("done");
		}

		@Async
		@EventListener
		void on(Job job) {
			job.body().run();
		}

		@EventListener
		void on(PlainJob job) {
			job.body().run();
		}

		@EventListener
		void on(SyncJob job) {
			job.seen().add(PropagationAssertions.swap());
		}

	}

	static class Futures {

		private final CountDownLatch release = new CountDownLatch(1);

		private final CompletableFuture<String> answer = new CompletableFuture<>();

		void release() {
			this.release.countDown();
		}

		CompletableFuture<String> answer() {
			return this.answer;
		}

		@Async
		ContextFuture<String> work() throws InterruptedException {
			assertThat(this.release.await(30, TimeUnit.SECONDS)).isTrue();
			String text = "worked for " + PropagationAssertions.TENANT.get() + ", ";
			PropagationAssertions.TENANT.set("the task's");
			return ContextFuture.completedFuture(text);
		}

		@Async
		ContextFuture<String> fail() {
			throw new IllegalStateException("planned");
		}

		@Async
		CompletableFuture<String> plain() {
			return CompletableFuture.completedFuture("plain");
		}

		@EventListener
		ContextFuture<Answer> on(Question question) {
			ContextFuture<String> text = new ContextFuture<>();
			ContextFuture<Answer> reply = text
				.thenApply((said) -> new Answer(said + " said " + PropagationAssertions.TENANT.get()));
			new Thread(() -> text.complete(question.text())).start();
			return reply;
		}

		@EventListener
		void on(Answer reply) {
			this.answer.complete(reply.text());
		}

	}

	record Question(String text) {

	}

	record Answer(String text) {

	}

	@SuppressWarnings("serial")
	static class PlannedException extends RuntimeException {

		PlannedException(Throwable cause) {
			super("planned", cause, false, false);
		}

	}

	static class Audit {

		final CompletableFuture<String> seen = new CompletableFuture<>();

	}

	/**
	 * An executor that submits a task of its own for each call.
	 */
	static class AuditingExecutor implements AsyncConfigurer {

		private final ObjectProvider<AsyncTaskExecutor> executor;

		private final ObjectProvider<Audit> audit;

		AuditingExecutor(@Qualifier("applicationTaskExecutor") ObjectProvider<AsyncTaskExecutor> executor,
				ObjectProvider<Audit> audit) {
			this.executor = executor;
			this.audit = audit;
		}

		@Override
		public AsyncTaskExecutor getAsyncExecutor() {
			return (task) -> {
				AsyncTaskExecutor pool = this.executor.getObject();
				pool.submit(() -> this.audit.getObject().seen.complete(PropagationAssertions.TENANT.get()));
				pool.execute(task);
			};
		}

	}

	/**
	 * A multicaster with threads that are no bean's.
	 */
	@Configuration(proxyBeanMethods = false)
	static class MulticasterOnThreads {

		@Bean
		static WorkerProbe.Threads threads() {
			return new WorkerProbe.Threads();
		}

		@Bean
		static SimpleApplicationEventMulticaster applicationEventMulticaster(WorkerProbe.Threads threads) {
			SimpleApplicationEventMulticaster multicaster = new SimpleApplicationEventMulticaster();
			multicaster.setTaskExecutor(new SimpleAsyncTaskExecutor(threads));
			return multicaster;
		}

	}

	/**
	 * A multicaster whose executor cannot be set.
	 */
	@Configuration(proxyBeanMethods = false)
	static class MulticasterWithGetter {

		@Bean
		static SimpleApplicationEventMulticaster applicationEventMulticaster() {
			return new SimpleApplicationEventMulticaster() {

				@Override
				protected Executor getTaskExecutor() {
					return Runnable::run;
				}

			};
		}

	}

	/**
	 * A multicaster with an executor that is a bean.
	 */
	@Configuration(proxyBeanMethods = false)
	static class MulticasterOnBean {

		@Bean
		static WorkerProbe.Threads threads() {
			return new WorkerProbe.Threads();
		}

		@Bean
		static SimpleAsyncTaskExecutor multicastersThreads(WorkerProbe.Threads threads) {
			return new SimpleAsyncTaskExecutor(threads);
		}

		@Bean
		static SimpleApplicationEventMulticaster applicationEventMulticaster(
				@Qualifier("multicastersThreads") SimpleAsyncTaskExecutor executor) {
			SimpleApplicationEventMulticaster multicaster = new SimpleApplicationEventMulticaster();
			multicaster.setTaskExecutor(executor);
			return multicaster;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class UsersPool {

		private final List<String> seen = Collections.synchronizedList(new ArrayList<>());

		@Bean
		ThreadPoolTaskExecutor usersPool() {
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setTaskDecorator((task) -> () -> {
				this.seen.add(PropagationAssertions.TENANT.get());
				task.run();
			});
			return executor;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class UsersService {

		@Bean
		ExecutorService taskExecutor() {
			return Executors.newSingleThreadExecutor();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class UsersJdkPool {

		@Bean
		ThreadPoolExecutor usersPool() {
			return (ThreadPoolExecutor) Executors.newFixedThreadPool(1);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class InjectionPoint {

		@Bean
		String pointThatTakesTheOneExecutor(Executor executor) {
			return "injected";
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class UsersThreads {

		private final WorkerProbe.Threads threads = new WorkerProbe.Threads();

		@Bean
		SimpleAsyncTaskExecutor usersThreads() {
			return new SimpleAsyncTaskExecutor(this.threads);
		}

	}

	enum ConfigurersExecutor {

		THREAD_POOL_TASK_EXECUTOR, EXECUTOR_SERVICE, LAMBDA

	}

	static class Configurer implements AsyncConfigurer {

		private final ConfigurersExecutor kind;

		private final ExecutorService pool = Executors.newSingleThreadExecutor();

		private final ThreadPoolTaskExecutor spring = new ThreadPoolTaskExecutor();

		private final List<String> handled = new CopyOnWriteArrayList<>();

		Configurer(ConfigurersExecutor kind) {
			this.kind = kind;
			this.spring.initialize();
		}

		@Override
		public Executor getAsyncExecutor() {
			return switch (this.kind) {
				case THREAD_POOL_TASK_EXECUTOR -> this.spring;
				case EXECUTOR_SERVICE -> this.pool;
				case LAMBDA -> (task) -> this.pool.execute(task);
			};
		}

		@Override
		public AsyncUncaughtExceptionHandler getAsyncUncaughtExceptionHandler() {
			return (ex, method, arguments) -> {
				assertThat(ex).hasMessage("planned");
				this.handled.add(PropagationAssertions.swap());
				throw new IllegalStateException("planned, too");
			};
		}

		private WorkerProbe worker() {
			return switch (this.kind) {
				case THREAD_POOL_TASK_EXECUTOR -> workerOf(this.spring);
				case EXECUTOR_SERVICE, LAMBDA -> WorkerProbe.ofPool(this.pool);
			};
		}

		private void shutdown() {
			this.pool.shutdown();
			this.spring.shutdown();
		}

	}

	// As Spring's own reference shows it: the executor is a bean and is called directly.
	@Configuration
	static class ConfiguringConfiguration implements AsyncConfigurer {

		@Bean
		ThreadPoolTaskExecutor own() {
			return new ThreadPoolTaskExecutor();
		}

		@Override
		public Executor getAsyncExecutor() {
			return own();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class TransactionalListeners {

		private final List<String> seen = Collections.synchronizedList(new ArrayList<>());

		@TransactionalEventListener(phase = TransactionPhase.BEFORE_COMMIT)
		void beforeCommit(PhasedJob job) {
			see(TransactionPhase.BEFORE_COMMIT, job);
		}

		@TransactionalEventListener(phase = TransactionPhase.AFTER_COMMIT)
		void afterCommit(PhasedJob job) {
			see(TransactionPhase.AFTER_COMMIT, job);
		}

		@TransactionalEventListener(phase = TransactionPhase.AFTER_ROLLBACK)
		void afterRollback(PhasedJob job) {
			see(TransactionPhase.AFTER_ROLLBACK, job);
		}

		@TransactionalEventListener(phase = TransactionPhase.AFTER_COMPLETION)
		void afterCompletion(PhasedJob job) {
			see(TransactionPhase.AFTER_COMPLETION, job);
		}

		@Async
		@TransactionalEventListener(phase = TransactionPhase.BEFORE_COMMIT)
		void beforeCommitAsync(PhasedJob job) {
			run(TransactionPhase.BEFORE_COMMIT, job);
		}

		@Async
		@TransactionalEventListener(phase = TransactionPhase.AFTER_COMMIT)
		void afterCommitAsync(PhasedJob job) {
			run(TransactionPhase.AFTER_COMMIT, job);
		}

		@Async
		@TransactionalEventListener(phase = TransactionPhase.AFTER_ROLLBACK)
		void afterRollbackAsync(PhasedJob job) {
			run(TransactionPhase.AFTER_ROLLBACK, job);
		}

		@Async
		@TransactionalEventListener(phase = TransactionPhase.AFTER_COMPLETION)
		void afterCompletionAsync(PhasedJob job) {
			run(TransactionPhase.AFTER_COMPLETION, job);
		}

		List<String> seen() {
			return this.seen;
		}

		private void see(TransactionPhase phase, PhasedJob job) {
			if (job.phase() == phase) {
				this.seen.add(phase + " " + PropagationAssertions.TENANT.get());
			}
		}

		private void run(TransactionPhase phase, PhasedJob job) {
			if (job.phase() == phase && job.asyncBody() != null) {
				job.asyncBody().run();
			}
		}

	}

}

package io.github.contextvars.spring.quartz;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.quartz.Job;
import org.quartz.JobBuilder;
import org.quartz.JobExecutionContext;
import org.quartz.JobExecutionException;
import org.quartz.JobListener;
import org.quartz.Scheduler;
import org.quartz.SchedulerException;
import org.quartz.Trigger;
import org.quartz.TriggerBuilder;
import org.quartz.TriggerListener;
import org.quartz.impl.DirectSchedulerFactory;
import org.quartz.impl.StdSchedulerFactory;
import org.quartz.simpl.RAMJobStore;
import org.quartz.simpl.SimpleThreadPool;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.quartz.autoconfigure.QuartzAutoConfiguration;
import org.springframework.boot.quartz.autoconfigure.SchedulerFactoryBeanCustomizer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsQuartzAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/**
 * Each firing of a Quartz job has a context of its own, around all listeners, vetoes and
 * retries. With one thread, so that what one firing leaves would be seen by the next.
 */
class QuartzPropagationTests {

	private static final int UNITS = 240;

	private final long leakedScopes = Context.leakedScopes();

	private WorkerProbe.Threads threads;

	private ConfigurableApplicationContext application;

	@AfterEach
	void closeAndAssertClean() throws Exception {
		this.application.close();
		this.threads.joinAndAssertClean();
		assertThat(Context.leakedScopes()).isEqualTo(this.leakedScopes);
	}

	@Test
	void firingsAreSeparate() throws Exception {
		start(Threading.PLATFORM, OneThread.class);
		assertThat(this.application.getBean(Scheduler.class).getMetaData().getThreadPoolSize()).isOne();

		assertSeparate(1);

		assertReported("thread pool", null);
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void firingsOnExecutorBeanAreSeparate(Threading threading) {
		start(threading, OnExecutorBean.class);

		assertSeparate(2);

		assertReported("executor", null);
	}

	@Test
	void firingsOnExecutorThatIsNoBeanAreSeparateWhateverItBrings() {
		start(Threading.PLATFORM, OnExecutor.class);

		assertSeparate(2);

		assertReported("executor", null);
	}

	@ParameterizedTest
	@ValueSource(classes = { NamedPool.class, LocatedPool.class })
	void defaultPoolIsReplacedAlsoWhereItIsNamed(Class<?> configuration) {
		start(Threading.PLATFORM, configuration);

		assertThat(poolOf("quartzScheduler")).isEqualTo(ContextThreadPool.class);
		assertReported("thread pool", null);
	}

	@Test
	void poolOfTheApplicationIsKeptAndNamed() {
		start(Threading.PLATFORM, OwnPool.class);

		assertThat(poolOf("quartzScheduler")).isEqualTo(UsersPool.class);
		assertReported(null, "its thread pool is a " + UsersPool.class.getName());
	}

	@Test
	void poolInLocatedConfigurationIsKeptAndNamed() {
		start(Threading.PLATFORM, OwnLocatedPool.class);

		assertThat(poolOf("quartzScheduler")).isEqualTo(UsersPool.class);
		assertReported(null, "its thread pool is a " + UsersPool.class.getName());
	}

	@Test
	void factoryOfTheApplicationIsKeptAndNamed() {
		start(Threading.PLATFORM, OwnFactory.class);

		assertThat(poolOf("quartzScheduler")).isEqualTo(SimpleThreadPool.class);
		assertReported(null, "it has a SchedulerFactory of its own");
	}

	@Test
	void schedulerThatIsMadeByHandIsNamed() {
		start(Threading.PLATFORM, ByHand.class);

		assertThat(report().entries())
			.extracting(PropagationSource.Entry::name, PropagationSource.Entry::category,
					PropagationSource.Entry::reason)
			.containsExactlyInAnyOrder(tuple("quartzScheduler", "scheduler", null),
					tuple("byHand", "scheduler", "it was created without a SchedulerFactoryBean"));
	}

	@Test
	void unitOfWorkIsTheJobAndNothingOfWhatHasTriggeredIt() throws Exception {
		start(Threading.PLATFORM);
		WorkRegistry registry = this.application.getBean(WorkRegistry.class);

		registry.run(registry.create(UnitOfWork.Kind.REQUEST, () -> "GET /"), () -> schedule("described", null));

		Queue<String> described = this.application.getBean(Recorder.class).described;
		Awaitility.await().untilAsserted(() -> assertThat(described).containsExactly("job DEFAULT.described of null"));
	}

	@Test
	void nothingIsChangedWhereTasksAreDisabled() {
		start(Threading.PLATFORM, "contextvars.task.enabled=false");

		assertThat(poolOf("quartzScheduler")).isEqualTo(SimpleThreadPool.class);
		assertThat(this.application.containsBean("contextVarsQuartzBeanPostProcessor")).isFalse();
	}

	private void assertSeparate(int depth) {
		List<MixedWork.Unit> units = MixedWork.units(UNITS);
		new Context().run(() -> {
			MixedWork.TENANT.set("of the request that schedules");
			units.forEach((unit) -> schedule(unit.id(), unit.tenant()));
		});

		this.application.getBean(MixedWork.class).assertSeen(units, (unit) -> {
			String value = unit.expected();
			List<String> fired = List.of("fired -", "veto " + value);
			List<String> attempt = Stream.of("toBeExecuted ", "execute ", "wasExecuted ", "complete ")
				.map((hook) -> hook + value)
				.toList();
			return switch (Fate.of(unit.id())) {
				case SUCCEEDS, FAILS -> concat(fired, attempt);
				case IS_RETRIED -> concat(fired, attempt, List.of("fired " + value, "veto " + value), attempt);
				case IS_VETOED -> concat(fired, List.of("vetoed " + value));
				case IS_PREVENTED -> concat(fired, List.of("toBeExecuted " + value));
			};
		});
		assertThat(this.application.getBean(Recorder.class).depths).hasSizeGreaterThan(UNITS).containsOnly(depth);
	}

	private void assertReported(String mechanism, String reason) {
		assertThat(report().entries())
			.extracting(PropagationSource.Entry::name, PropagationSource.Entry::category,
					PropagationSource.Entry::mechanism, PropagationSource.Entry::reason)
			.containsExactly(tuple("quartzScheduler", "scheduler", mechanism, reason));
	}

	private PropagationSource report() {
		return this.application.getBean("contextVarsQuartzBeanPostProcessor", PropagationSource.class);
	}

	private Class<?> poolOf(String scheduler) {
		try {
			return this.application.getBean(scheduler, Scheduler.class).getMetaData().getThreadPoolClass();
		}
		catch (SchedulerException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void schedule(String id, String tenant) {
		try {
			this.application.getBean("quartzScheduler", Scheduler.class)
				.scheduleJob(
						JobBuilder.newJob(RecordingJob.class).withIdentity(id).usingJobData("tenant", tenant).build(),
						TriggerBuilder.newTrigger().startNow().build());
		}
		catch (SchedulerException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void start(Threading threading, Class<?>... configurations) {
		start(threading, "contextvars.task.enabled=true", configurations);
	}

	private void start(Threading threading, String property, Class<?>... configurations) {
		this.threads = WorkerProbe.Threads.of(threading);
		this.application = new SpringApplicationBuilder(Application.class).sources(configurations)
			.web(WebApplicationType.NONE)
			.initializers((GenericApplicationContext context) -> {
				context.registerBean(WorkerProbe.Threads.class, () -> this.threads);
				context.registerBean(Threading.class, () -> threading);
				context.registerBean(WorkConfiguration.Tracking.class);
			})
			.run("--tests.frameworks=quartz", "--spring.main.banner-mode=off", "--logging.level.org.quartz=off",
					"--spring.quartz.properties.org.quartz.scheduler.batchTriggerAcquisitionMaxCount=8",
					"--contextvars.outside-context.set=allow", "--contextvars.outside-context.get=allow",
					"--" + property);
	}

	@SafeVarargs
	private static List<String> concat(List<String>... lists) {
		return Stream.of(lists).flatMap(List::stream).toList();
	}

	/**
	 * What becomes of a job.
	 */
	enum Fate {

		SUCCEEDS, FAILS, IS_RETRIED, IS_VETOED, IS_PREVENTED;

		static Fate of(String id) {
			return switch (id.charAt(id.length() - 1)) {
				case '3' -> FAILS;
				case '5' -> IS_RETRIED;
				case '7' -> IS_VETOED;
				case '9' -> IS_PREVENTED;
				default -> SUCCEEDS;
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ ContextVarsAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class,
			ContextVarsQuartzAutoConfiguration.class, AopAutoConfiguration.class, QuartzAutoConfiguration.class })
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = MixedWork.TENANT;

		@Bean
		static MixedWork work() {
			return new MixedWork();
		}

		@Bean
		static Recorder recorder(MixedWork work) {
			return new Recorder(work);
		}

		@Bean
		static SchedulerFactoryBeanCustomizer listeners(Recorder recorder) {
			return (factory) -> {
				factory.setGlobalTriggerListeners(recorder);
				factory.setGlobalJobListeners(recorder);
			};
		}

		@Bean(destroyMethod = "shutdown")
		static PoolHolder pool(WorkerProbe.Threads threads) {
			return new PoolHolder(Executors.newSingleThreadExecutor(threads));
		}

	}

	/**
	 * An executor that is no bean.
	 */
	record PoolHolder(ExecutorService executor) {

		void shutdown() {
			this.executor.shutdown();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OneThread {

		@Bean
		static SchedulerFactoryBeanCustomizer threadPool() {
			return (factory) -> {
				Properties properties = new Properties();
				properties.setProperty("org.quartz.threadPool.threadCount", "1");
				factory.setQuartzProperties(properties);
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OnExecutorBean {

		@Bean
		static TaskExecutor jobExecutor(Threading threading, WorkerProbe.Threads threads) {
			if (threading == Threading.VIRTUAL) {
				SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor();
				executor.setThreadFactory(threads);
				return executor;
			}
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setCorePoolSize(1);
			executor.setThreadFactory(threads);
			return executor;
		}

		@Bean
		static SchedulerFactoryBeanCustomizer onExecutor(TaskExecutor jobExecutor) {
			return (factory) -> factory.setTaskExecutor(jobExecutor);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OnExecutor {

		@Bean
		static SchedulerFactoryBeanCustomizer onExecutor(PoolHolder pool) {
			Context context = new Context();
			context.run(() -> MixedWork.TENANT.set("of the executor"));
			return (factory) -> factory.setTaskExecutor(ContextExecutors.fixed(pool.executor(), context));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class NamedPool {

		@Bean
		static SchedulerFactoryBeanCustomizer threadPool() {
			return named(SimpleThreadPool.class);
		}

		static SchedulerFactoryBeanCustomizer named(Class<?> type) {
			return (factory) -> {
				Properties properties = new Properties();
				properties.setProperty(StdSchedulerFactory.PROP_THREAD_POOL_CLASS, type.getName());
				properties.setProperty("org.quartz.threadPool.threadCount", "1");
				factory.setQuartzProperties(properties);
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class LocatedPool {

		@Bean
		static SchedulerFactoryBeanCustomizer threadPool() {
			return located(SimpleThreadPool.class);
		}

		static SchedulerFactoryBeanCustomizer located(Class<?> type) {
			String text = StdSchedulerFactory.PROP_THREAD_POOL_CLASS + " = " + type.getName();
			return (factory) -> factory.setConfigLocation(new ByteArrayResource(text.getBytes(StandardCharsets.UTF_8)));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnLocatedPool {

		@Bean
		static SchedulerFactoryBeanCustomizer threadPool() {
			return LocatedPool.located(UsersPool.class);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnPool {

		@Bean
		static SchedulerFactoryBeanCustomizer threadPool() {
			return NamedPool.named(UsersPool.class);
		}

	}

	/**
	 * A thread pool of the application.
	 */
	public static class UsersPool extends SimpleThreadPool {

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnFactory {

		@Bean
		static SchedulerFactoryBeanCustomizer factory() {
			return (factory) -> {
				try {
					Properties properties = new Properties();
					properties.setProperty(StdSchedulerFactory.PROP_THREAD_POOL_CLASS,
							SimpleThreadPool.class.getName());
					properties.setProperty("org.quartz.threadPool.threadCount", "1");
					factory.setSchedulerFactory(new StdSchedulerFactory(properties));
				}
				catch (SchedulerException ex) {
					throw new IllegalStateException(ex);
				}
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ByHand {

		@Bean(destroyMethod = "shutdown")
		static Scheduler byHand() throws SchedulerException {
			DirectSchedulerFactory factory = DirectSchedulerFactory.getInstance();
			factory.createScheduler("byHand", "byHand", new SimpleThreadPool(1, Thread.NORM_PRIORITY),
					new RAMJobStore());
			return factory.getScheduler("byHand");
		}

	}

	/**
	 * The job.
	 */
	public static class RecordingJob implements Job {

		@Autowired
		private Recorder recorder;

		@Autowired
		private WorkRegistry registry;

		@Override
		public void execute(JobExecutionContext context) throws JobExecutionException {
			UnitOfWork unit = this.registry.current();
			this.recorder.execute(context, unit.kind() + " " + unit.origin() + " of " + unit.parent());
		}

	}

	/**
	 * Records what the job and its listeners see.
	 */
	static final class Recorder implements JobListener, TriggerListener {

		private final MixedWork work;

		private final Queue<Integer> depths = new ConcurrentLinkedQueue<>();

		private final Queue<String> described = new ConcurrentLinkedQueue<>();

		Recorder(MixedWork work) {
			this.work = work;
		}

		@Override
		public String getName() {
			return "recorder";
		}

		@Override
		public void triggerFired(Trigger trigger, JobExecutionContext context) {
			this.work.begin(idOf(context), "fired", context.getMergedJobDataMap().getString("tenant"));
			this.depths.add(Context.depth());
		}

		@Override
		public boolean vetoJobExecution(Trigger trigger, JobExecutionContext context) {
			this.work.see(idOf(context), "veto");
			return Fate.of(idOf(context)) == Fate.IS_VETOED;
		}

		@Override
		public void jobExecutionVetoed(JobExecutionContext context) {
			this.work.end(idOf(context), "vetoed");
		}

		@Override
		public void jobToBeExecuted(JobExecutionContext context) {
			this.work.see(idOf(context), "toBeExecuted");
			if (Fate.of(idOf(context)) == Fate.IS_PREVENTED) {
				throw new IllegalStateException("planned");
			}
		}

		void execute(JobExecutionContext context, String unit) throws JobExecutionException {
			this.work.see(idOf(context), "execute");
			if (idOf(context).equals("described")) {
				this.described.add(unit);
			}
			switch (Fate.of(idOf(context))) {
				case FAILS -> throw new IllegalStateException("planned");
				case IS_RETRIED -> {
					if (context.getRefireCount() == 0) {
						throw new JobExecutionException("planned", true);
					}
				}
				default -> {
				}
			}
		}

		@Override
		public void jobWasExecuted(JobExecutionContext context, JobExecutionException ex) {
			this.work.see(idOf(context), "wasExecuted");
		}

		@Override
		public void triggerComplete(Trigger trigger, JobExecutionContext context,
				Trigger.CompletedExecutionInstruction instruction) {
			if (instruction == Trigger.CompletedExecutionInstruction.RE_EXECUTE_JOB) {
				this.work.see(idOf(context), "complete");
			}
			else {
				this.work.end(idOf(context), "complete");
			}
		}

		@Override
		public void triggerMisfired(Trigger trigger) {
		}

		private static String idOf(JobExecutionContext context) {
			return context.getJobDetail().getKey().getName();
		}

	}

}

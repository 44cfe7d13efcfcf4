package io.github.contextvars.spring.task;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.quartz.Job;
import org.quartz.JobBuilder;
import org.quartz.JobDataMap;
import org.quartz.JobDetail;
import org.quartz.JobExecutionContext;
import org.quartz.JobExecutionException;
import org.quartz.Scheduler;
import org.quartz.SchedulerException;
import org.quartz.Trigger;
import org.quartz.TriggerBuilder;
import org.quartz.listeners.JobListenerSupport;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.quartz.autoconfigure.QuartzAutoConfiguration;
import org.springframework.boot.quartz.autoconfigure.SchedulerFactoryBeanCustomizer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

import io.github.contextvars.Context;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each firing of a Quartz job begins with an empty context, around the job's listeners
 * and refires. There is one thread, so that each job would see what the one before left.
 */
@ExtendWith(OutputCaptureExtension.class)
class QuartzPropagationTests {

	private static final int UNITS = 240;

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
				ContextVarsTaskAutoConfiguration.class, QuartzAutoConfiguration.class))
		.withUserConfiguration(Application.class)
		.withPropertyValues("logging.level.org.quartz=off");

	@Test
	void jobsBeginEmpty() {
		this.runner.withPropertyValues("spring.quartz.properties.org.quartz.threadPool.threadCount=1")
			.run((context) -> {
				assertFiringsAreSeparate(context);
				assertThat(entry(context).mechanism()).isEqualTo("thread pool");
			});
	}

	@Test
	void jobsOnExecutorBeanBeginEmpty() {
		this.runner.withUserConfiguration(OnExecutor.class).run((context) -> {
			assertFiringsAreSeparate(context);
			assertThat(entry(context).mechanism()).isEqualTo("task executor");
		});
	}

	@Test
	void poolOfTheApplicationIsLeftAloneAndNamed(CapturedOutput output) {
		this.runner
			.withPropertyValues("spring.quartz.properties.org.quartz.threadPool.threadCount=1",
					"spring.quartz.properties.org.quartz.threadPool.class=" + OwnPool.class.getName())
			.run((context) -> {
				assertThat(context.getBean(Scheduler.class).getMetaData().getThreadPoolClass())
					.isEqualTo(OwnPool.class);
				assertThat(entry(context).propagates()).isFalse();
				assertThat(output)
					.contains("do not begin with a context: its thread pool is a " + OwnPool.class.getName());
			});
	}

	private static PropagationSource.Entry entry(ApplicationContext context) {
		return context.getBeanProvider(PropagationSource.class)
			.stream()
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.name().equals("quartzScheduler"))
			.findFirst()
			.orElseThrow();
	}

	private static void assertFiringsAreSeparate(ApplicationContext context) throws SchedulerException {
		Scheduler scheduler = context.getBean(Scheduler.class);
		List<MixedWork.Unit> units = MixedWork.units(UNITS);
		new Context().<Void, SchedulerException>call(() -> {
			MixedWork.TENANT.set("scheduling");
			for (MixedWork.Unit unit : units) {
				JobDataMap data = new JobDataMap();
				data.put("tenant", unit.tenant());
				JobDetail job = JobBuilder.newJob(TenantJob.class).withIdentity(unit.id()).setJobData(data).build();
				Trigger trigger = TriggerBuilder.newTrigger().startNow().build();
				scheduler.scheduleJob(job, trigger);
			}
			return null;
		});

		context.getBean(MixedWork.class).assertSeen(units, (unit) -> {
			String value = unit.expected();
			return fails(unit.id()) ? List.of("before 1 -", "job " + value, "job " + value, "after " + value)
					: List.of("before 1 -", "job " + value, "after " + value);
		});
	}

	private static boolean fails(String id) {
		return id.endsWith("5");
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		@Bean
		MixedWork work() {
			return new MixedWork();
		}

		@Bean
		SchedulerFactoryBeanCustomizer listeners(MixedWork work) {
			return (factory) -> factory.setGlobalJobListeners(new Listener(work));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OnExecutor {

		@Bean
		ThreadPoolTaskExecutor pool() {
			ThreadPoolTaskExecutor pool = new ThreadPoolTaskExecutor();
			pool.setCorePoolSize(1);
			return pool;
		}

		@Bean
		SchedulerFactoryBeanCustomizer executor(ThreadPoolTaskExecutor pool) {
			return (factory) -> factory.setTaskExecutor(pool);
		}

	}

	public static final class OwnPool extends org.quartz.simpl.SimpleThreadPool {

	}

	static final class Listener extends JobListenerSupport {

		private final MixedWork work;

		Listener(MixedWork work) {
			this.work = work;
		}

		@Override
		public String getName() {
			return "listener";
		}

		@Override
		public void jobToBeExecuted(JobExecutionContext context) {
			if (context.getRefireCount() == 0) {
				this.work.begin(context.getJobDetail().getKey().getName(), "before " + Context.depth(),
						context.getMergedJobDataMap().getString("tenant"));
			}
		}

		@Override
		public void jobWasExecuted(JobExecutionContext context, JobExecutionException ex) {
			if (ex == null) {
				this.work.end(context.getJobDetail().getKey().getName(), "after");
			}
		}

	}

	public static final class TenantJob implements Job {

		@Autowired
		private MixedWork work;

		@Override
		public void execute(JobExecutionContext context) throws JobExecutionException {
			String id = context.getJobDetail().getKey().getName();
			this.work.see(id, "job");
			if (fails(id) && context.getRefireCount() == 0) {
				throw new JobExecutionException("planned", true);
			}
		}

	}

}

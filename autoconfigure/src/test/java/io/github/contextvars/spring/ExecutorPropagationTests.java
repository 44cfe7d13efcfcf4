package io.github.contextvars.spring;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ExecutorServiceMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.framework.autoproxy.DefaultAdvisorAutoProxyCreator;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.task.TaskExecutorMetricsAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.core.task.TaskExecutor;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.concurrent.ConcurrentTaskExecutor;
import org.springframework.scheduling.concurrent.ConcurrentTaskScheduler;
import org.springframework.scheduling.concurrent.SimpleAsyncTaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.testing.ThreadContextProbe;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Executor beans of every type.
 */
@ExtendWith(OutputCaptureExtension.class)
class ExecutorPropagationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withConfiguration(
			AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class,
					AopAutoConfiguration.class, TaskExecutionAutoConfiguration.class));

	@Test
	void everyExecutorBeanPropagatesHoweverItIsCalled(CapturedOutput output) {
		ExecutorBeans[] beans = new ExecutorBeans[1];
		this.runner.withUserConfiguration(ExecutorBeans.class).run((context) -> {
			beans[0] = context.getBean(ExecutorBeans.class);
			for (String name : ExecutorBeans.names().toList()) {
				Object bean = context.getBean(name);
				WorkerProbe worker = beans[0].workerOf(name, bean);
				assertThat(SubmissionMethod.allOf(bean)).isNotEmpty();
				for (SubmissionMethod way : SubmissionMethod.allOf(bean)) {
					try {
						PropagationAssertions.assertPropagates(way, worker);
					}
					catch (Throwable ex) {
						throw new AssertionError(name + "." + way, ex);
					}
				}
			}
			assertThat(context.getBean("contextVarsExecutorBeanPostProcessor", PropagationSource.class).entries())
				.allSatisfy((entry) -> assertThat(entry.propagates()).as(entry.name()).isTrue())
				.extracting(PropagationSource.Entry::name)
				.containsAll(ExecutorBeans.names().toList());
		});
		assertThat(output).doesNotContain("does not propagate");
		assertThatAllEnded(beans[0]);
	}

	private static void assertThatAllEnded(ExecutorBeans beans) {
		try {
			beans.assertAllEnded();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void beansKeepTheirTypesForInjection() {
		this.runner.withUserConfiguration(ExecutorBeans.class, InjectionPoints.class)
			.run((context) -> assertThat(context.getBean(InjectionPoints.Holder.class).pool().getCorePoolSize())
				.isEqualTo(1));
	}

	@Test
	void poolsAreShutDownWithTheApplication() {
		List<ExecutorService> pools = new ArrayList<>();
		this.runner.withUserConfiguration(ExecutorBeans.class).run((context) -> {
			ExecutorBeans beans = context.getBean(ExecutorBeans.class);
			for (String name : List.of("threadPoolTaskExecutor", "threadPoolTaskScheduler", "threadPoolExecutor",
					"singleThreadExecutor", "scheduledExecutorService", "scheduledThreadPoolExecutor", "forkJoinPool",
					"threadPoolExecutorFactoryBean", "threadPerTaskExecutor")) {
				pools.add(beans.poolOf(name, context.getBean(name)));
			}
			assertThat(pools).noneMatch(ExecutorService::isShutdown);
		});
		assertThat(pools).allMatch(ExecutorService::isShutdown);
	}

	@ParameterizedTest
	@ValueSource(strings = { "threadPoolTaskExecutor", "threadPoolExecutor", "singleThreadExecutor",
			"threadPoolTaskScheduler" })
	void cancelledTasksLeaveNothing(String name) {
		this.runner.withUserConfiguration(ExecutorBeans.class).run((context) -> {
			Object bean = context.getBean(name);
			WorkerProbe worker = context.getBean(ExecutorBeans.class).workerOf(name, bean);
			for (SubmissionMethod way : SubmissionMethod.allOf(bean)) {
				if (way.name().startsWith("submit(Runnable")) {
					cancel(way);
					worker.assertClean();
					PropagationAssertions.assertPropagates(way, worker);
				}
			}
		});
	}

	private static void cancel(SubmissionMethod way) throws Exception {
		CountDownLatch running = new CountDownLatch(1);
		CountDownLatch interrupted = new CountDownLatch(1);
		List<String> seen = Collections.synchronizedList(new ArrayList<>());
		new Context().<Void, Exception>call(() -> {
			PropagationAssertions.TENANT.set("cancelled");
			Future<?> future = way.submission().submit(() -> {
				seen.add(PropagationAssertions.swap());
				running.countDown();
				try {
					new CountDownLatch(1).await();
				}
				catch (InterruptedException ex) {
					interrupted.countDown();
				}
			});
			Future<?> queued = way.submission().submit(() -> seen.add("queued " + PropagationAssertions.swap()));
			PropagationAssertions.await(running);
			queued.cancel(true);
			future.cancel(true);
			PropagationAssertions.await(interrupted);
			assertThat(PropagationAssertions.TENANT.get()).isEqualTo("cancelled");
			return null;
		});
		assertThat(seen).containsExactly("cancelled, none");
	}

	@Test
	void rejectedTaskLeavesNothing() {
		this.runner.withUserConfiguration(Saturated.class).run((context) -> {
			ThreadPoolExecutor aborting = context.getBean("aborting", ThreadPoolExecutor.class);
			CountDownLatch release = new CountDownLatch(1);
			aborting.execute(() -> PropagationAssertions.await(release));
			new Context().run(() -> {
				PropagationAssertions.TENANT.set("acme");
				assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> aborting.execute(() -> {
				}));
				assertThat(PropagationAssertions.TENANT.get()).isEqualTo("acme");
			});
			assertThat(ThreadContextProbe.isInContext()).isFalse();
			release.countDown();
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "callerRuns", "springCallerRuns" })
	void rejectedTaskThatCallerRunsIsStillIsolated(String name) {
		this.runner.withUserConfiguration(Saturated.class).run((context) -> {
			Executor executor = context.getBean(name, Executor.class);
			CountDownLatch release = new CountDownLatch(1);
			CountDownLatch released = new CountDownLatch(1);
			executor.execute(() -> {
				PropagationAssertions.await(release);
				released.countDown();
			});
			List<String> seen = new ArrayList<>();
			new Context().run(() -> {
				PropagationAssertions.TENANT.set("acme");
				executor.execute(() -> seen.add(Thread.currentThread() + PropagationAssertions.swap()));
				assertThat(PropagationAssertions.TENANT.get()).isEqualTo("acme");
				assertThat(PropagationAssertions.STEP.get()).isEqualTo("none");
			});
			assertThat(ThreadContextProbe.isInContext()).isFalse();
			executor.execute(() -> seen.add(Thread.currentThread() + PropagationAssertions.swap()));
			assertThat(ThreadContextProbe.isInContext()).isFalse();
			assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> executor.execute(() -> {
				PropagationAssertions.swap();
				throw new IllegalStateException("planned");
			}));
			assertThat(ThreadContextProbe.isInContext()).isFalse();
			assertThat(seen).containsExactly(Thread.currentThread() + "acme, none",
					Thread.currentThread() + "none, none");
			release.countDown();
			PropagationAssertions.await(released);
		});
	}

	@Test
	void usersDecoratorsAreKept() {
		this.runner.withUserConfiguration(Decorated.class).run((context) -> {
			Decorated decorated = context.getBean(Decorated.class);
			for (String name : List.of("decoratedPool", "decoratedThreads", "decoratedAdapter")) {
				decorated.seen.clear();
				TaskExecutor executor = context.getBean(name, TaskExecutor.class);
				new Context().run(() -> {
					PropagationAssertions.TENANT.set("acme");
					CountDownLatch ended = new CountDownLatch(1);
					executor.execute(() -> {
						decorated.seen.add("task " + PropagationAssertions.TENANT.get());
						ended.countDown();
					});
					PropagationAssertions.await(ended);
				});
				assertThat(decorated.seen).as(name).containsExactly("decorator acme", "task acme");
			}
		});
	}

	@Test
	void metricsStillBind() {
		this.runner.withConfiguration(AutoConfigurations.of(TaskExecutorMetricsAutoConfiguration.class))
			.withBean(SimpleMeterRegistry.class)
			.withUserConfiguration(ExecutorBeans.class)
			.run((context) -> {
				MeterRegistry registry = context.getBean(MeterRegistry.class);
				for (String name : List.of("threadPoolTaskExecutor", "threadPoolTaskScheduler")) {
					assertThat(registry.get("executor.pool.core").tag("name", name).gauge().value()).isEqualTo(1);
				}
				ThreadPoolExecutor pool = context.getBean("threadPoolExecutor", ThreadPoolExecutor.class);
				new ExecutorServiceMetrics(pool, "own", List.of()).bindTo(registry);
				pool.submit(() -> {
				}).get(30, TimeUnit.SECONDS);
				WorkerProbe.ofPool(pool).assertClean();
				assertThat(registry.get("executor.completed").tag("name", "own").functionCounter().count())
					.isPositive();
				assertThat(registry.get("executor.pool.core").tag("name", "own").gauge().value()).isEqualTo(1);
			});
	}

	@Test
	void excludedBeansAreLeftAlone() {
		this.runner.withUserConfiguration(ExecutorBeans.class)
			.withPropertyValues(
					"contextvars.task.exclude=threadPoolTaskExecutor,threadPoolExecutor,threadPoolTaskScheduler")
			.run((context) -> {
				for (String name : List.of("threadPoolTaskExecutor", "threadPoolExecutor", "threadPoolTaskScheduler")) {
					Executor executor = context.getBean(name, Executor.class);
					assertThat(seenByTaskOf(executor)).as(name).isEqualTo("none");
				}
				assertThat(seenByTaskOf(context.getBean("singleThreadExecutor", Executor.class))).isEqualTo("acme");
				assertThat(context.getBean("contextVarsExecutorBeanPostProcessor", PropagationSource.class).entries())
					.filteredOn((entry) -> !entry.propagates())
					.allMatch((entry) -> entry.reason().equals("excluded by contextvars.task.exclude"))
					.extracting(PropagationSource.Entry::name)
					.containsExactly("threadPoolExecutor", "threadPoolTaskExecutor", "threadPoolTaskScheduler");
			});
	}

	@Test
	void excludedExecutorOfBootIsLeftAlone() {
		this.runner.withPropertyValues("contextvars.task.exclude=applicationTaskExecutor")
			.run((context) -> assertThat(
					seenByTaskOf(context.getBean("applicationTaskExecutor", ThreadPoolTaskExecutor.class)))
				.isEqualTo("none"));
	}

	@Test
	void beanThatCannotBeInstrumentedIsNamedInWarning(CapturedOutput output) {
		this.runner.withUserConfiguration(NotInstrumentable.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(seenByTaskOf(context.getBean("finalExecutor", Executor.class))).isEqualTo("none");
			assertThat(output).contains("WARN")
				.contains("'finalExecutor' does not propagate context variables: its class "
						+ FinalExecutor.class.getName() + " is final")
				.contains("declare the bean as Executor and return ContextExecutors.wrap(executor)");
			assertThat(context.getBean("contextVarsExecutorBeanPostProcessor", PropagationSource.class).entries())
				.filteredOn((entry) -> !entry.propagates())
				.singleElement()
				.satisfies((entry) -> {
					assertThat(entry.name()).isEqualTo("finalExecutor");
					assertThat(entry.type()).isEqualTo(FinalExecutor.class.getName());
					assertThat(entry.reason()).endsWith("is final");
				});
		});
	}

	@Test
	void finalMethodsOfProxiedSpringClassesAnswerRight() {
		this.runner.withUserConfiguration(FinalMethods.class).run((context) -> {
			SimpleAsyncTaskScheduler scheduler = context.getBean(SimpleAsyncTaskScheduler.class);
			assertThat(scheduler.getConcurrencyLimit()).isEqualTo(7);
			assertThat(scheduler.isThrottleActive()).isTrue();
			assertThat(scheduler.getThreadFactory()).isNotNull();
			assertThat(context.getBean(ConcurrentTaskScheduler.class).getConcurrentExecutor())
				.isSameAs(context.getBean(FinalMethods.class).pool);
		});
	}

	@Test
	void executorThatIsProxiedAlreadyPropagatesOnce() {
		this.runner.withUserConfiguration(ExecutorBeans.class)
			.withBean(DefaultAdvisorAutoProxyCreator.class)
			.run((context) -> {
				for (String name : List.of("threadPoolExecutor", "singleThreadExecutor", "threadPoolTaskExecutor")) {
					Object bean = context.getBean(name);
					WorkerProbe worker = context.getBean(ExecutorBeans.class).workerOf(name, bean);
					for (SubmissionMethod way : SubmissionMethod.allOf(bean)) {
						PropagationAssertions.assertPropagates(way, worker);
					}
				}
			});
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_25)
	void newerMethodsOfForkJoinPoolPropagate() {
		this.runner.withUserConfiguration(ExecutorBeans.class).run((context) -> {
			ForkJoinPool pool = context.getBean(ForkJoinPool.class);
			WorkerProbe worker = context.getBean(ExecutorBeans.class).workerOf("forkJoinPool", pool);
			Method submitWithTimeout = ForkJoinPool.class.getMethod("submitWithTimeout", Callable.class, long.class,
					TimeUnit.class, Consumer.class);
			PropagationAssertions
				.assertPropagates(SubmissionMethod.of("submitWithTimeout", (body) -> (Future<?>) submitWithTimeout
					.invoke(pool, Executors.callable(body), 30, TimeUnit.SECONDS, null)), worker);
			Method invokeAll = ForkJoinPool.class.getMethod("invokeAllUninterruptibly", Collection.class);
			PropagationAssertions.assertPropagates(
					new SubmissionMethod("invokeAllUninterruptibly", SubmissionMethod.ReturnsWhen.ENDED, (body) -> {
						invokeAll.invoke(pool, List.of(Executors.callable(body)));
						return null;
					}), worker);
		});
	}

	@Test
	void whatIsMadeOutsideOfSpringPropagatesOnlyWhenWrapped() {
		assertThat(seenByTaskOf((task) -> new Thread(task).start())).isEqualTo("none");
		assertThat(seenByTaskOf(ForkJoinPool.commonPool())).isEqualTo("none");
		ExecutorService pool = Executors.newSingleThreadExecutor();
		try {
			assertThat(seenByTaskOf(pool)).isEqualTo("none");
			ExecutorService wrapped = ContextExecutors.wrap(Executors.newSingleThreadExecutor());
			assertThat(seenByTaskOf(wrapped)).isEqualTo("acme");
			wrapped.shutdown();
		}
		finally {
			pool.shutdown();
		}
	}

	@Test
	void nothingIsPropagatedWhenSwitchedOff() {
		this.runner.withPropertyValues("contextvars.task.enabled=false")
			.withUserConfiguration(ExecutorBeans.class)
			.run((context) -> {
				for (String name : ExecutorBeans.names().toList()) {
					if (context.getBean(name) instanceof Executor executor) {
						assertThat(seenByTaskOf(executor)).as(name).isEqualTo("none");
					}
				}
			});
	}

	private static String seenByTaskOf(Executor executor) {
		CountDownLatch ended = new CountDownLatch(1);
		List<String> seen = Collections.synchronizedList(new ArrayList<>());
		new Context().run(() -> {
			PropagationAssertions.TENANT.set("acme");
			executor.execute(() -> {
				seen.add(PropagationAssertions.TENANT.get());
				ended.countDown();
			});
			PropagationAssertions.await(ended);
		});
		return seen.get(0);
	}

	@Configuration(proxyBeanMethods = false)
	static class InjectionPoints {

		@Bean
		Holder holder(ThreadPoolTaskExecutor threadPoolTaskExecutor, SimpleAsyncTaskExecutor simpleAsyncTaskExecutor,
				ConcurrentTaskExecutor concurrentTaskExecutor, ThreadPoolTaskScheduler threadPoolTaskScheduler,
				SimpleAsyncTaskScheduler simpleAsyncTaskScheduler, ConcurrentTaskScheduler concurrentTaskScheduler,
				Executor lambda, TaskExecutor springLambda, ThreadPoolExecutor threadPoolExecutor,
				ExecutorService singleThreadExecutor, ScheduledExecutorService scheduledExecutorService,
				ScheduledThreadPoolExecutor scheduledThreadPoolExecutor, ForkJoinPool forkJoinPool,
				ExecutorService threadPoolExecutorFactoryBean, ScheduledExecutorService scheduledExecutorFactoryBean,
				ExecutorService virtualThreads) {
			return new Holder(threadPoolExecutor);
		}

		record Holder(ThreadPoolExecutor pool) {

		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Saturated {

		@Bean
		ThreadPoolExecutor aborting() {
			return new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new SynchronousQueue<>());
		}

		@Bean
		ThreadPoolExecutor callerRuns() {
			return new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new SynchronousQueue<>(),
					new ThreadPoolExecutor.CallerRunsPolicy());
		}

		@Bean
		ThreadPoolTaskExecutor springCallerRuns() {
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setMaxPoolSize(1);
			executor.setQueueCapacity(0);
			executor.setRejectedExecutionHandler(new ThreadPoolExecutor.CallerRunsPolicy());
			return executor;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Decorated {

		private final List<String> seen = Collections.synchronizedList(new ArrayList<>());

		private final TaskDecorator decorator = (task) -> () -> {
			this.seen.add("decorator " + PropagationAssertions.TENANT.get());
			task.run();
		};

		@Bean
		ThreadPoolTaskExecutor decoratedPool() {
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setTaskDecorator(this.decorator);
			return executor;
		}

		@Bean
		SimpleAsyncTaskExecutor decoratedThreads() {
			SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor();
			executor.setTaskDecorator(this.decorator);
			return executor;
		}

		@Bean
		ConcurrentTaskExecutor decoratedAdapter(ThreadPoolTaskExecutor decoratedPool) {
			ConcurrentTaskExecutor executor = new ConcurrentTaskExecutor(Runnable::run);
			executor.setTaskDecorator(this.decorator);
			return executor;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableScheduling
	static class Scheduling {

	}

	@Configuration(proxyBeanMethods = false)
	static class NotInstrumentable {

		@Bean
		FinalExecutor finalExecutor() {
			return new FinalExecutor();
		}

	}

	static final class FinalExecutor implements Executor {

		@Override
		public void execute(Runnable task) {
			new Thread(task).start();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FinalMethods {

		private final ScheduledExecutorService pool = Executors.newSingleThreadScheduledExecutor();

		@Bean
		SimpleAsyncTaskScheduler simpleAsyncTaskScheduler() {
			SimpleAsyncTaskScheduler scheduler = new SimpleAsyncTaskScheduler();
			scheduler.setConcurrencyLimit(7);
			scheduler.setThreadFactory(Thread::new);
			return scheduler;
		}

		@Bean
		ConcurrentTaskScheduler concurrentTaskScheduler() {
			return new ConcurrentTaskScheduler(this.pool);
		}

	}

}

package io.github.contextvars.spring.task;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.ThreadPool;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.PriorityOrdered;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.core.task.support.CompositeTaskDecorator;
import org.springframework.core.task.support.TaskExecutorAdapter;
import org.springframework.scheduling.concurrent.ConcurrentTaskExecutor;
import org.springframework.scheduling.concurrent.ConcurrentTaskScheduler;
import org.springframework.scheduling.concurrent.SimpleAsyncTaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.test.util.ReflectionTestUtils;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What an application does to its executor beans: it works as it does without the
 * library, and the executors propagate, or are said not to.
 */
@ExtendWith(OutputCaptureExtension.class)
class ExecutorChangesTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withConfiguration(
			AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class));

	private final List<String> decorated = new CopyOnWriteArrayList<>();

	private final TaskDecorator users = (task) -> () -> {
		this.decorated.add(TENANT.get());
		task.run();
	};

	static List<Named<Executor>> decorating() {
		ConcurrentTaskScheduler scheduler = new ConcurrentTaskScheduler(Executors.newSingleThreadScheduledExecutor());
		ThreadPoolTaskExecutor pool = new ThreadPoolTaskExecutor();
		pool.initialize();
		return List.of(Named.of("pool", pool), Named.of("threads", new SimpleAsyncTaskExecutor()),
				Named.of("adapter", new TaskExecutorAdapter(ExecutorChangesTests::onNewThread)),
				Named.of("concurrent", new ConcurrentTaskExecutor(ForkJoinPool.commonPool())),
				Named.of("scheduler", scheduler));
	}

	@ParameterizedTest
	@MethodSource("decorating")
	void decoratorThatPostProcessorSetsAppliesToo(Executor executor) {
		this.runner.withBean("pool", Executor.class, () -> executor)
			.withBean(BeanPostProcessor.class, () -> new BeanPostProcessor() {
				@Override
				public Object postProcessAfterInitialization(Object bean, String name) {
					return name.equals("pool") ? setDecorator(bean) : bean;
				}
			})
			.run((context) -> {
				assertThat(readOn(context.getBean("pool", Executor.class))).isEqualTo("acme");
				assertThat(this.decorated).containsExactly("acme");
				assertThat(entryOf("pool", context).propagates()).isTrue();
			});
	}

	@ParameterizedTest
	@MethodSource("decorating")
	void decoratorThatIsSetBeforeTheReadyEventAppliesToo(Executor executor) {
		this.runner.withBean("pool", Executor.class, () -> executor).run((context) -> {
			setDecorator(executor);
			ready(context);

			assertThat(readOn(executor)).isEqualTo("acme");
			assertThat(this.decorated).containsExactly("acme");
		});
	}

	@ParameterizedTest
	@MethodSource("decorating")
	void decoratorThatIsReplacedLaterIsWarnedOfOnceAtTheNextLook(Executor executor, CapturedOutput output) {
		this.runner.withBean("pool", Executor.class, () -> executor).run((context) -> {
			ready(context);
			assertThat(entryOf("pool", context).propagates()).isTrue();
			setDecorator(executor);

			assertThat(readOn(executor)).isEqualTo("none");
			assertThat(entryOf("pool", context).reason()).isEqualTo("its task decorator was replaced after the start");
			assertThat(entryOf("pool", context).propagates()).isFalse();
			assertThat(output.toString().lines().filter((line) -> line.contains("no longer propagates")))
				.singleElement()
				.asString()
				.contains("Executor 'pool'");
		});
	}

	@Test
	void decoratorThatIsHadBackPropagatesAgain() {
		SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor();
		this.runner.withBean("pool", Executor.class, () -> executor).run((context) -> {
			ready(context);
			TaskDecorator ours = (TaskDecorator) ReflectionTestUtils.getField(executor, "taskDecorator");
			setDecorator(executor);
			assertThat(entryOf("pool", context).propagates()).isFalse();
			executor.setTaskDecorator(new CompositeTaskDecorator(List.of(this.users, Objects.requireNonNull(ours))));

			assertThat(entryOf("pool", context).propagates()).isTrue();
			assertThat(readOn(executor)).isEqualTo("acme");
		});
	}

	@ParameterizedTest
	@ValueSource(classes = { OwnPool.class, OwnSubmit.class, OwnThreads.class, OwnScheduler.class })
	void subclassWithExecutorOfItsOwnPropagates(Class<? extends Executor> type) {
		this.runner.withBean("pool", type).run((context) -> {
			assertThat(readOn(context.getBean("pool", Executor.class))).isEqualTo("acme");
			assertThat(entryOf("pool", context).mechanism()).isEqualTo("proxy");
		});
	}

	@Test
	void subclassWithExecutorOfItsOwnAndFinalSettersIsNamed() {
		this.runner.withBean("pool", OwnConcurrent.class).run((context) -> {
			assertThat(readOn(context.getBean("pool", Executor.class))).isEqualTo("none");
			assertThat(entryOf("pool", context).reason()).contains("is final");
		});
	}

	@Test
	void executorThatPostProcessorsNeedPropagatesOrIsNamed(CapturedOutput output) {
		this.runner.withUserConfiguration(Early.class).run((context) -> {
			assertThat(readOn(context.getBean("earlyPool", Executor.class))).isEqualTo("acme");
			assertThat(readOn(context.getBean("earlierPool", Executor.class))).isEqualTo("acme");
			assertThat(entryOf("earlyPool", context).mechanism()).isEqualTo("task decorator");
			assertThat(readOn(context.getBean("earlyScheduler", Executor.class))).isEqualTo("none");
			assertThat(entryOf("earlyScheduler", context).reason())
				.isEqualTo("it was created before bean post-processors were");
			assertThat(output.toString().lines().filter((line) -> line.contains("does not propagate"))).singleElement()
				.asString()
				.contains("Executor 'earlyScheduler'", "ObjectProvider");
		});
	}

	@Test
	void executorOfConcurrentTaskSchedulerCanBeReplaced() {
		this.runner.withBean("scheduler", ConcurrentTaskScheduler.class, (Supplier<ConcurrentTaskScheduler>) () -> {
			ConcurrentTaskScheduler scheduler = new ConcurrentTaskScheduler(null);
			scheduler.setConcurrentExecutor((task) -> {
				throw new IllegalStateException("the old executor");
			});
			return scheduler;
		}).run((context) -> {
			ConcurrentTaskScheduler scheduler = context.getBean(ConcurrentTaskScheduler.class);
			List<String> threads = new CopyOnWriteArrayList<>();
			Executor replacement = (task) -> {
				threads.add("new executor");
				task.run();
			};
			scheduler.setConcurrentExecutor(replacement);

			assertThat(readOn(scheduler)).isEqualTo("acme");
			assertThat(threads).containsExactly("new executor");
			assertThat(scheduler.getConcurrentExecutor()).isSameAs(replacement);
		});
	}

	@Test
	void settingsOfSimpleAsyncTaskSchedulerAreRead() {
		this.runner.withBean("scheduler", SimpleAsyncTaskScheduler.class).run((context) -> {
			SimpleAsyncTaskScheduler scheduler = context.getBean(SimpleAsyncTaskScheduler.class);
			ThreadFactory factory = Thread::new;
			assertThat(scheduler.getThreadFactory()).isNull();
			scheduler.setThreadFactory(factory);
			scheduler.setConcurrencyLimit(7);

			assertThat(scheduler.getThreadFactory()).isSameAs(factory);
			assertThat(scheduler.getConcurrencyLimit()).isEqualTo(7);
			assertThat(scheduler.isThrottleActive()).isTrue();
			assertThat(readOn(scheduler)).isEqualTo("acme");
		});
	}

	@Test
	void fieldThatOthersReadIsTheExecutors() {
		this.runner.withBean("counting", CountingExecutor.class).run((context) -> {
			CountingExecutor executor = context.getBean(CountingExecutor.class);
			executor.execute(() -> {
			});

			assertThat(executor.count).isEqualTo(1);
			assertThat(entryOf("counting", context).reason()).isEqualTo("its field 'count' is not private");
		});
	}

	@Test
	void finalFieldThatOthersReadIsTheExecutors() {
		this.runner.withBean("counting", FinalCountExecutor.class).run((context) -> {
			FinalCountExecutor executor = context.getBean(FinalCountExecutor.class);

			assertThat(readOn(executor)).isEqualTo("acme");
			assertThat(executor.count).hasValue(1);
			assertThat(executor.count()).isEqualTo(1);
		});
	}

	@Test
	void finalMethodThatReliesOnTheJdkIsAnObstacle() {
		this.runner.withBean("own", FinalForkJoinPool.class).run((context) -> {
			FinalForkJoinPool pool = context.getBean(FinalForkJoinPool.class);
			AtomicInteger ran = new AtomicInteger();
			pool.twice(ran::incrementAndGet);

			assertThat(ran).hasValue(2);
			assertThat(entryOf("own", context).reason()).isEqualTo("its method 'twice' is final");
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "finalClass", "finalScheduled", "nested" })
	void executorCanBeCastToTheClassThatItHas(String name) {
		this.runner.withUserConfiguration(Casting.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(entryOf(name, context).propagates()).isFalse();
			assertThat(entryOf(name, context).reason()).endsWith("is final");
		});
	}

	@ParameterizedTest
	@ValueSource(classes = { JettyAsExecutor.class, JettyAsThreadPool.class })
	void poolOfServerIsLeftAlone(Class<?> configuration, CapturedOutput output) {
		this.runner.withUserConfiguration(configuration).run((context) -> {
			assertThat(context.getBean("jetty")).isExactlyInstanceOf(QueuedThreadPool.class);
			assertThat(entryOf("jetty", context).reason()).startsWith("it runs a web server's own tasks");
			assertThat(output).doesNotContain("Executor 'jetty'");
		});
	}

	private Object setDecorator(Object executor) {
		ReflectionTestUtils.invokeMethod(executor, "setTaskDecorator", this.users);
		return executor;
	}

	private static void ready(AssertableApplicationContext context) {
		context.publishEvent(new ApplicationReadyEvent(new SpringApplication(), new String[0],
				context.getSourceApplicationContext(ConfigurableApplicationContext.class), null));
	}

	private static PropagationSource.Entry entryOf(String bean, AssertableApplicationContext context) {
		return context.getBean("contextVarsExecutorBeanPostProcessor", PropagationSource.class)
			.entries()
			.filter((entry) -> entry.name().equals(bean))
			.findFirst()
			.orElseThrow();
	}

	private static String readOn(Executor executor) {
		return new Context().call(() -> {
			TENANT.set("acme");
			return CompletableFuture.supplyAsync(TENANT::get, executor).join();
		});
	}

	static void onNewThread(Runnable task) {
		new Thread(task).start();
	}

	static class OwnPool extends ThreadPoolTaskExecutor {

		private static final long serialVersionUID = 1L;

		@Override
		public void execute(Runnable task) {
			onNewThread(task);
		}

	}

	static class OwnSubmit extends ThreadPoolTaskExecutor {

		private static final long serialVersionUID = 1L;

		@Override
		public Future<?> submit(Runnable task) {
			FutureTask<?> future = new FutureTask<>(task, null);
			onNewThread(future);
			return future;
		}

	}

	static class OwnThreads extends SimpleAsyncTaskExecutor {

		private static final long serialVersionUID = 1L;

		@Override
		public void execute(Runnable task) {
			onNewThread(task);
		}

	}

	static class OwnScheduler extends ThreadPoolTaskScheduler {

		private static final long serialVersionUID = 1L;

		@Override
		public void execute(Runnable task) {
			onNewThread(task);
		}

	}

	static class OwnConcurrent extends ConcurrentTaskExecutor {

		OwnConcurrent() {
			super(null);
		}

		@Override
		public void execute(Runnable task) {
			onNewThread(task);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Early {

		@Bean
		static SimpleAsyncTaskExecutor earlierPool() {
			return new SimpleAsyncTaskExecutor();
		}

		@Bean
		static ThreadPoolTaskExecutor earlyPool() {
			ThreadPoolTaskExecutor pool = new ThreadPoolTaskExecutor();
			pool.setDaemon(true);
			return pool;
		}

		@Bean
		static ThreadPoolTaskScheduler earlyScheduler() {
			return new ThreadPoolTaskScheduler();
		}

		@Bean
		static BeanFactoryPostProcessor needsPoolEarlier(@Qualifier("earlierPool") Executor executor) {
			return (factory) -> {
			};
		}

		@Bean
		static NeedsPoolEarly needsPoolEarly(@Qualifier("earlyPool") Executor pool,
				@Qualifier("earlyScheduler") Executor scheduler) {
			return new NeedsPoolEarly();
		}

	}

	static class NeedsPoolEarly implements BeanPostProcessor, PriorityOrdered {

		@Override
		public int getOrder() {
			return HIGHEST_PRECEDENCE;
		}

	}

	public static class CountingExecutor implements Executor {

		public int count;

		@Override
		public void execute(Runnable task) {
			this.count++;
			task.run();
		}

	}

	public static class FinalCountExecutor implements Executor {

		public final AtomicInteger count = new AtomicInteger();

		@Override
		public void execute(Runnable task) {
			this.count.incrementAndGet();
			task.run();
		}

		public final int count() {
			return this.count.get();
		}

	}

	public static class FinalForkJoinPool extends ForkJoinPool {

		public final void twice(Runnable task) {
			submit(task).join();
			super.submit(task).join();
		}

	}

	public static final class FinalExecutor implements Executor {

		@Override
		public void execute(Runnable task) {
			task.run();
		}

	}

	public static final class FinalScheduledExecutor extends ScheduledThreadPoolExecutor {

		FinalScheduledExecutor() {
			super(1);
		}

	}

	private static final class NestedExecutor implements Executor {

		@Override
		public void execute(Runnable task) {
			task.run();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Casting {

		@Bean
		Executor finalClass() {
			return new FinalExecutor();
		}

		@Bean
		ScheduledExecutorService finalScheduled() {
			return new FinalScheduledExecutor();
		}

		@Bean
		Executor nested() {
			return new NestedExecutor();
		}

		@Bean
		List<Object> casts(@Qualifier("finalClass") Executor finalClass,
				@Qualifier("finalScheduled") ScheduledExecutorService finalScheduled,
				@Qualifier("nested") Executor nested) {
			return List.of((FinalExecutor) finalClass, (FinalScheduledExecutor) finalScheduled,
					(NestedExecutor) nested);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class JettyAsExecutor {

		@Bean
		QueuedThreadPool jetty() {
			return new QueuedThreadPool();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class JettyAsThreadPool {

		@Bean
		ThreadPool jetty() {
			return new QueuedThreadPool();
		}

	}

}

package io.github.contextvars.spring.task;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.RejectedExecutionHandler;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskSchedulingAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.TaskDecorator;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.jms.annotation.JmsListener;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.annotation.SchedulingConfigurer;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsMessagingAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsScopedAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A library is a guest: what worked without it works with it.
 */
@ExtendWith(OutputCaptureExtension.class)
class ExistingApplicationTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
				ContextVarsTaskAutoConfiguration.class, ContextVarsMessagingAutoConfiguration.class,
				ContextVarsScopedAutoConfiguration.class, AopAutoConfiguration.class,
				TaskExecutionAutoConfiguration.class, TaskSchedulingAutoConfiguration.class));

	@Test
	void onlyTaskDecoratorOfApplicationIsInjected() {
		this.runner.withBean("mine", TaskDecorator.class, () -> (task) -> task)
			.withBean(NeedsDecorator.class)
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(NeedsDecorator.class).decorator).isSameAs(context.getBean("mine"));
				assertThat(readOn(context.getBean("applicationTaskExecutor", ThreadPoolTaskExecutor.class)))
					.isEqualTo("acme");
			});
	}

	@Test
	void executorThatMakesItsOwnPoolIsCoveredOtherwise() {
		this.runner.withBean("own", OwnPool.class).run((context) -> {
			OwnPool own = context.getBean(OwnPool.class);
			assertThat(readOn(own)).isEqualTo("acme");
			assertThat(own.answer()).isEqualTo(42);
			assertThat(context.getBean("contextVarsExecutorBeanPostProcessor", PropagationSource.class).entries())
				.filteredOn((entry) -> entry.name().equals("own"))
				.extracting(PropagationSource.Entry::mechanism)
				.containsExactly("proxy");
		});
	}

	@Test
	void finalMethodsAndFieldsOfExecutorSubclassWork() {
		this.runner.withBean("counting", CountingPool.class).run((context) -> {
			CountingPool pool = context.getBean(CountingPool.class);
			assertThat(readOn(pool)).isEqualTo("none");
			assertThat(pool.names()).isSameAs(pool.names).isNotNull();
			assertThat(context.getBean("contextVarsExecutorBeanPostProcessor", PropagationSource.class).entries())
				.filteredOn((entry) -> entry.name().equals("counting"))
				.extracting(PropagationSource.Entry::reason)
				.containsExactly("its method 'names' is final");
		});
	}

	@Test
	void comparableTasksKeepTheirOrder() {
		this.runner.withUserConfiguration(Priorities.class).run((context) -> {
			ExecutorService executor = context.getBean("priorities", ExecutorService.class);
			List<String> ran = Collections.synchronizedList(new ArrayList<>());
			CountDownLatch start = new CountDownLatch(1);
			CountDownLatch end = new CountDownLatch(3);
			new Context().run(() -> {
				TENANT.set("acme");
				executor.execute(new Job(0, () -> awaitQuietly(start)));
				for (int priority : new int[] { 3, 1, 2 }) {
					executor.execute(new Job(priority, () -> {
						ran.add(TENANT.get() + priority);
						end.countDown();
					}));
				}
			});
			start.countDown();
			assertThat(end.await(30, TimeUnit.SECONDS)).isTrue();
			assertThat(ran).containsExactly("acme1", "acme2", "acme3");
		});
	}

	@Test
	void taskCanBeSubmittedWhileLazyApplicationShutsDown() {
		CompletableFuture<String> flushed = new CompletableFuture<>();
		this.runner
			.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
			.withBean("pool", ThreadPoolTaskExecutor.class)
			.withBean("flush", FlushOnClose.class, () -> new FlushOnClose(flushed))
			.run((context) -> context.getBean(FlushOnClose.class).executor = context
				.getBean(ThreadPoolTaskExecutor.class));
		assertThat(flushed).succeedsWithin(Duration.ofSeconds(30));
	}

	@Test
	void listenersThatCannotBeProxiedAreLeftAlone(CapturedOutput output) {
		this.runner.withUserConfiguration(Scheduling.class)
			.withBean(PrivateListener.class)
			.withBean(FinalListener.class)
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(AopUtils.isAopProxy(context.getBean(PrivateListener.class))).isFalse();
				assertThat(context.getBean(FinalListener.class).count()).isZero();
				assertThat(output).doesNotContain("PrivateListener", "FinalListener");
			});
	}

	@Test
	void scheduledRunsOnSchedulerThatIsNoBeanStartEmpty() {
		this.runner.withUserConfiguration(PrivateScheduler.class).run((context) -> {
			BlockingQueue<String> seen = context.getBean(PrivateScheduler.class).seen;
			Awaitility.await().until(() -> seen.size() > 3);
			assertThat(seen).containsOnly("none");
		});
	}

	@Test
	void scheduledRunsBesideTwoSchedulersStartEmptyAndOnTheOneThatIsNamed() {
		this.runner.withUserConfiguration(TwoSchedulers.class).run((context) -> {
			TwoSchedulers beans = context.getBean(TwoSchedulers.class);
			Awaitility.await().until(() -> beans.seen.size() > 3 && beans.qualified.size() > 3);
			assertThat(beans.seen).containsOnly("none");
			assertThat(beans.qualified).allMatch((text) -> text.startsWith("none on second-"));
		});
	}

	private static String readOn(Executor executor) {
		return new Context().call(() -> {
			TENANT.set("acme");
			return CompletableFuture.supplyAsync(TENANT::get, executor).join();
		});
	}

	private static void awaitQuietly(CountDownLatch latch) {
		try {
			latch.await(30, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	static class NeedsDecorator {

		@Autowired
		private TaskDecorator decorator;

	}

	static class OwnPool extends ThreadPoolTaskExecutor {

		private static final long serialVersionUID = 1L;

		@Override
		protected ExecutorService initializeExecutor(ThreadFactory factory, RejectedExecutionHandler handler) {
			super.initializeExecutor(factory, handler);
			return Executors.newSingleThreadExecutor(factory);
		}

		@Override
		public void execute(Runnable task) {
			getPool().execute(task);
		}

		int answer() {
			return 42;
		}

		private ExecutorService getPool() {
			return getThreadPoolExecutor();
		}

	}

	static class CountingPool extends ThreadPoolExecutor {

		final List<String> names = new ArrayList<>();

		CountingPool() {
			super(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
		}

		final List<String> names() {
			return this.names;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Priorities {

		@Bean
		ExecutorService priorities() {
			return new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new PriorityBlockingQueue<>());
		}

	}

	private record Job(int priority, Runnable work) implements Runnable, Comparable<Job> {

		@Override
		public void run() {
			this.work.run();
		}

		@Override
		public int compareTo(Job other) {
			return Integer.compare(this.priority, other.priority);
		}

	}

	static class FlushOnClose implements DisposableBean {

		private final CompletableFuture<String> flushed;

		private ThreadPoolTaskExecutor executor;

		FlushOnClose(CompletableFuture<String> flushed) {
			this.flushed = flushed;
		}

		@Override
		public void destroy() {
			try {
				this.executor.setAcceptTasksAfterContextClose(true);
				this.executor.getThreadPoolExecutor();
				this.executor.execute(() -> this.flushed.complete("flushed"));
			}
			catch (TaskRejectedException ex) {
				this.flushed.complete("rejected, as without us");
			}
			catch (RuntimeException ex) {
				this.flushed.completeExceptionally(ex);
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableScheduling
	static class Scheduling {

	}

	public static class PrivateListener {

		@JmsListener(destination = "orders")
		public void on(String message) {
		}

		@Scheduled(fixedDelay = 60_000)
		private void flush() {
		}

	}

	public static class FinalListener {

		private final List<String> messages = new ArrayList<>();

		@JmsListener(destination = "orders")
		public void on(String message) {
			this.messages.add(message);
		}

		final int count() {
			return this.messages.size();
		}

	}

	@Configuration
	@EnableScheduling
	static class PrivateScheduler {

		private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

		@Bean
		static SchedulingConfigurer usersConfigurer() {
			return (registrar) -> registrar.setScheduler(Executors.newScheduledThreadPool(1, (task) -> {
				Thread thread = new Thread(task);
				thread.setDaemon(true);
				return thread;
			}));
		}

		@Scheduled(fixedRate = 5)
		void run() {
			this.seen.add(TENANT.get());
			TENANT.set("dirty");
		}

	}

	@Configuration
	@EnableScheduling
	static class TwoSchedulers {

		private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

		private final BlockingQueue<String> qualified = new LinkedBlockingQueue<>();

		@Bean
		static ThreadPoolTaskScheduler first() {
			return new ThreadPoolTaskScheduler();
		}

		@Bean
		static ThreadPoolTaskScheduler second() {
			return new ThreadPoolTaskScheduler();
		}

		@Scheduled(fixedRate = 5)
		void run() {
			this.seen.add(TENANT.get());
			TENANT.set("dirty");
		}

		@Scheduled(fixedRate = 5, scheduler = "second")
		void runOnSecond() {
			this.qualified.add(TENANT.get() + " on " + Thread.currentThread().getName());
			TENANT.set("dirty");
		}

	}

}

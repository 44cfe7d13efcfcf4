package io.github.contextvars.spring.stress;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.condition.ConditionalOnThreading;
import org.springframework.boot.task.ThreadPoolTaskExecutorBuilder;
import org.springframework.boot.thread.Threading;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.task.support.TaskExecutorAdapter;
import org.springframework.scheduling.annotation.AsyncConfigurer;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.web.servlet.config.annotation.AsyncSupportConfigurer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Executors of the application under load: beans of several types, pools that are no
 * beans, and pools that are full. Each checks its threads.
 */
@Configuration(proxyBeanMethods = false)
@EnableAsync
@EnableScheduling
class LoadExecutors implements WebMvcConfigurer, DisposableBean {

	private final CountDownLatch full = new CountDownLatch(2);

	private final ViolationLog log = new ViolationLog();

	private final CountDownLatch closed = new CountDownLatch(1);

	private final ExecutorService async = pool("@Async", 4);

	// A callable that waits for its time-out keeps a thread.
	private final ExecutorService web = pool("Spring MVC", 128);

	private final ExecutorService unknown = pool("unknown", 4);

	@Bean
	ViolationLog log() {
		return this.log;
	}

	@Bean
	ExecutorService plainPool() {
		return pool("plain", 4);
	}

	@Bean
	ThreadPoolTaskExecutor springsPool() {
		ThreadPoolTaskExecutor executor = new SentinelTaskExecutor(this.log, "Spring's pool");
		executor.setCorePoolSize(8);
		return executor;
	}

	// As Boot makes it, but for the sentinel. Virtual threads are in no pool.
	@Bean
	@ConditionalOnThreading(Threading.PLATFORM)
	ThreadPoolTaskExecutor applicationTaskExecutor(ThreadPoolTaskExecutorBuilder builder) {
		return builder.configure(new SentinelTaskExecutor(this.log, "Boot's executor"));
	}

	@Bean
	ThreadPoolTaskScheduler taskScheduler() {
		ThreadPoolTaskScheduler scheduler = new SentinelScheduler(this.log);
		scheduler.setPoolSize(4);
		return scheduler;
	}

	@Bean(destroyMethod = "shutdownNow")
	ExecutorService fullPool() {
		return new SentinelPool(this.log, "full", 1, new SynchronousQueue<>());
	}

	@Bean
	ThreadPoolTaskExecutor springsFullPool() {
		ThreadPoolTaskExecutor executor = new SentinelTaskExecutor(this.log, "Spring's full pool");
		executor.setMaxPoolSize(1);
		executor.setQueueCapacity(0);
		return executor;
	}

	@Bean
	SmartInitializingSingleton fill(ExecutorService fullPool, ThreadPoolTaskExecutor springsFullPool) {
		return () -> {
			fullPool.execute(this::occupy);
			springsFullPool.execute(this::occupy);
		};
	}

	private void occupy() {
		this.full.countDown();
		Awaiting.until(this.closed);
	}

	void awaitFullPools() {
		Awaiting.until(this.full);
	}

	@EventListener(ContextClosedEvent.class)
	void empty() {
		this.closed.countDown();
	}

	@Bean
	AsyncConfigurer asyncConfigurer() {
		return new AsyncConfigurer() {

			@Override
			public Executor getAsyncExecutor() {
				return LoadExecutors.this.async;
			}

		};
	}

	@Override
	public void configureAsyncSupport(AsyncSupportConfigurer configurer) {
		configurer.setTaskExecutor(new TaskExecutorAdapter(this.web));
	}

	ExecutorService unknown() {
		return this.unknown;
	}

	@Override
	public void destroy() {
		this.async.shutdownNow();
		this.web.shutdownNow();
		this.unknown.shutdownNow();
	}

	private SentinelPool pool(String name, int threads) {
		return new SentinelPool(this.log, name, threads, new LinkedBlockingQueue<>());
	}

	static class SentinelTaskExecutor extends ThreadPoolTaskExecutor {

		private static final long serialVersionUID = 1L;

		private final transient ViolationLog log;

		private final String name;

		SentinelTaskExecutor(ViolationLog log, String name) {
			this.log = log;
			this.name = name;
		}

		@Override
		protected void beforeExecute(Thread thread, Runnable task) {
			this.log.expectNoContext(ViolationLog.Violation.DIRTY_ON_ENTRY, this.name);
		}

		@Override
		protected void afterExecute(Runnable task, Throwable failure) {
			this.log.expectNoContext(ViolationLog.Violation.DIRTY_ON_EXIT, this.name);
		}

	}

	static class SentinelScheduler extends ThreadPoolTaskScheduler {

		private static final long serialVersionUID = 1L;

		private final transient ViolationLog log;

		SentinelScheduler(ViolationLog log) {
			this.log = log;
		}

		@Override
		protected void beforeExecute(Thread thread, Runnable task) {
			this.log.expectNoContext(ViolationLog.Violation.DIRTY_ON_ENTRY, "scheduler");
		}

		@Override
		protected void afterExecute(Runnable task, Throwable failure) {
			this.log.expectNoContext(ViolationLog.Violation.DIRTY_ON_EXIT, "scheduler");
		}

	}

}

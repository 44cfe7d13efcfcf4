package io.github.contextvars.spring;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionHandler;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskExecutor;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.concurrent.ConcurrentTaskExecutor;
import org.springframework.scheduling.concurrent.ConcurrentTaskScheduler;
import org.springframework.scheduling.concurrent.ScheduledExecutorFactoryBean;
import org.springframework.scheduling.concurrent.SimpleAsyncTaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolExecutorFactoryBean;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.test.util.AopTestUtils;

import io.github.contextvars.spring.testing.WorkerProbe;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One bean of each type of executor, each with one thread where it has a pool.
 */
@Configuration(proxyBeanMethods = false)
class ExecutorBeans implements DisposableBean {

	private final Map<String, WorkerProbe.Threads> threads = new ConcurrentHashMap<>();

	private final Map<String, ExecutorService> pools = new ConcurrentHashMap<>();

	static Stream<String> names() {
		List<String> names = List.of("threadPoolTaskExecutor", "simpleAsyncTaskExecutor", "concurrentTaskExecutor",
				"threadPoolTaskScheduler", "simpleAsyncTaskScheduler", "concurrentTaskScheduler", "lambda",
				"springLambda", "threadPoolExecutor", "singleThreadExecutor", "scheduledExecutorService",
				"scheduledThreadPoolExecutor", "forkJoinPool", "threadPoolExecutorFactoryBean",
				"scheduledExecutorFactoryBean");
		return (Runtime.version().feature() < 21) ? names.stream()
				: Stream.concat(names.stream(), Stream.of("threadPerTaskExecutor", "virtualThreads"));
	}

	/**
	 * Find out what is behind a bean.
	 */
	WorkerProbe workerOf(String name, Object bean) {
		WorkerProbe.Threads made = threadsOf(name);
		Executor pool = poolOf(name, bean);
		if (pool != null) {
			return () -> {
				WorkerProbe.ofPool(pool).assertClean();
				made.assertClean();
			};
		}
		// A scheduler's own threads end with it.
		return (bean instanceof TaskScheduler) ? made : made::joinAndAssertClean;
	}

	ExecutorService poolOf(String name, Object bean) {
		if (bean instanceof ThreadPoolTaskExecutor executor) {
			return executor.getThreadPoolExecutor();
		}
		if (bean instanceof ThreadPoolTaskScheduler scheduler) {
			return scheduler.getScheduledThreadPoolExecutor();
		}
		ExecutorService pool = this.pools.get(name);
		Object target = AopTestUtils.getUltimateTargetObject(bean);
		return (pool == null && target instanceof ExecutorService service) ? service : pool;
	}

	// Else the threads of those that are no beans would ask their sentinels when garbage
	// is
	// collected, in the middle of somebody else's test.
	@Override
	public void destroy() {
		this.pools.values().forEach(ExecutorService::shutdown);
	}

	/**
	 * Assert that whatever the beans had running is over, and was left in order.
	 */
	void assertAllEnded() throws InterruptedException {
		for (WorkerProbe.Threads made : this.threads.values()) {
			made.joinAndAssertClean();
		}
	}

	private WorkerProbe.Threads threadsOf(String name) {
		return this.threads.computeIfAbsent(name, (key) -> new WorkerProbe.Threads());
	}

	@Bean
	ThreadPoolTaskExecutor threadPoolTaskExecutor() {
		ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
		executor.setCorePoolSize(1);
		executor.setThreadFactory(threadsOf("threadPoolTaskExecutor"));
		return executor;
	}

	@Bean
	SimpleAsyncTaskExecutor simpleAsyncTaskExecutor() {
		return new SimpleAsyncTaskExecutor(threadsOf("simpleAsyncTaskExecutor"));
	}

	@Bean
	ConcurrentTaskExecutor concurrentTaskExecutor() {
		return new ConcurrentTaskExecutor(pool("concurrentTaskExecutor"));
	}

	@Bean
	ThreadPoolTaskScheduler threadPoolTaskScheduler() {
		ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
		scheduler.setThreadFactory(threadsOf("threadPoolTaskScheduler"));
		scheduler.setErrorHandler((ex) -> assertThat(ex).hasMessage("planned"));
		return scheduler;
	}

	@Bean
	SimpleAsyncTaskScheduler simpleAsyncTaskScheduler() {
		SimpleAsyncTaskScheduler scheduler = new SimpleAsyncTaskScheduler();
		scheduler.setThreadFactory(threadsOf("simpleAsyncTaskScheduler"));
		scheduler.setErrorHandler((ex) -> assertThat(ex).hasMessage("planned"));
		return scheduler;
	}

	@Bean
	ConcurrentTaskScheduler concurrentTaskScheduler() {
		ConcurrentTaskScheduler scheduler = new ConcurrentTaskScheduler(scheduledPool("concurrentTaskScheduler"));
		scheduler.setErrorHandler((ex) -> assertThat(ex).hasMessage("planned"));
		return scheduler;
	}

	@Bean
	Executor lambda() {
		ExecutorService pool = pool("lambda");
		return (task) -> pool.execute(task);
	}

	@Bean
	TaskExecutor springLambda() {
		ExecutorService pool = pool("springLambda");
		return pool::execute;
	}

	@Bean
	ThreadPoolExecutor threadPoolExecutor() {
		return new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
				threadsOf("threadPoolExecutor"));
	}

	@Bean
	ExecutorService singleThreadExecutor() {
		return Executors.newSingleThreadExecutor(threadsOf("singleThreadExecutor"));
	}

	@Bean
	ScheduledExecutorService scheduledExecutorService() {
		return Executors.newSingleThreadScheduledExecutor(threadsOf("scheduledExecutorService"));
	}

	@Bean
	ScheduledThreadPoolExecutor scheduledThreadPoolExecutor() {
		return new ScheduledThreadPoolExecutor(1, threadsOf("scheduledThreadPoolExecutor"));
	}

	@Bean
	ForkJoinPool forkJoinPool() {
		return new ForkJoinPool(1);
	}

	@Bean
	ThreadPoolExecutorFactoryBean threadPoolExecutorFactoryBean() {
		ThreadPoolExecutorFactoryBean factory = new ThreadPoolExecutorFactoryBean() {

			private static final long serialVersionUID = 1L;

			@Override
			protected ExecutorService initializeExecutor(ThreadFactory threadFactory,
					RejectedExecutionHandler rejectedExecutionHandler) {
				ExecutorService pool = super.initializeExecutor(threadFactory, rejectedExecutionHandler);
				ExecutorBeans.this.pools.put("threadPoolExecutorFactoryBean", pool);
				return pool;
			}

		};
		factory.setCorePoolSize(1);
		factory.setExposeUnconfigurableExecutor(true);
		factory.setThreadFactory(threadsOf("threadPoolExecutorFactoryBean"));
		return factory;
	}

	@Bean
	ScheduledExecutorFactoryBean scheduledExecutorFactoryBean() {
		ScheduledExecutorFactoryBean factory = new ScheduledExecutorFactoryBean();
		factory.setThreadFactory(threadsOf("scheduledExecutorFactoryBean"));
		return factory;
	}

	// Made by reflection: the tests are compiled for JDK 17.
	@Bean
	ExecutorService threadPerTaskExecutor() throws ReflectiveOperationException {
		return (Runtime.version().feature() < 21) ? pool("threadPerTaskExecutor")
				: (ExecutorService) Executors.class.getMethod("newThreadPerTaskExecutor", ThreadFactory.class)
					.invoke(null, threadsOf("threadPerTaskExecutor"));
	}

	@Bean
	ExecutorService virtualThreads() throws ReflectiveOperationException {
		return (Runtime.version().feature() < 21) ? pool("virtualThreads")
				: (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
	}

	private ExecutorService pool(String name) {
		return this.pools.computeIfAbsent(name, (key) -> Executors.newSingleThreadExecutor(threadsOf(name)));
	}

	private ScheduledExecutorService scheduledPool(String name) {
		ScheduledExecutorService pool = Executors.newSingleThreadScheduledExecutor(threadsOf(name));
		this.pools.put(name, pool);
		return pool;
	}

}

package io.github.contextvars.spring.stress;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.support.TaskExecutorAdapter;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * No task's context outlives the task, while its pool and its future live on.
 */
class TaskRetentionTests {

	private static final ContextVar<Object> VALUE = ContextVar.of("value");

	@ParameterizedTest
	@ValueSource(strings = { "plain", "springs", "scheduler" })
	void taskThatEndedFreesItsContext(String bean) {
		withPool(bean, (pool) -> {
			WeakReference<Object> value = new WeakReference<>(new Object());
			Future<?> future = submit(pool, value.get(), () -> {
			});

			Awaiting.forEnd(future);

			assertCollected(value);
			Reference.reachabilityFence(future);
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "plain", "springs", "scheduler" })
	void taskThatWasCancelledAtWorkFreesItsContext(String bean) {
		withPool(bean, (pool) -> {
			WeakReference<Object> value = new WeakReference<>(new Object());
			CountDownLatch begun = new CountDownLatch(1);
			Future<?> future = submit(pool, value.get(), () -> {
				begun.countDown();
				Awaiting.until(new CountDownLatch(1));
			});
			Awaiting.forLatch(begun);

			future.cancel(true);

			assertCollected(value);
			Reference.reachabilityFence(future);
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "plain", "scheduler" })
	void taskThatWasCancelledInTheQueueFreesItsContext(String bean) {
		withPool(bean, (pool) -> {
			WeakReference<Object> value = new WeakReference<>(new Object());
			CountDownLatch release = new CountDownLatch(1);
			pool.execute(() -> Awaiting.until(release));
			Future<?> future = submit(pool, value.get(), () -> {
			});

			future.cancel(false);

			assertCollected(value);
			release.countDown();
			Reference.reachabilityFence(future);
		});
	}

	// A decorator stands around the future, and does not hear that it was cancelled.
	@Test
	void taskThatWasCancelledInTheQueueOfADecoratedPoolFreesItsContextWithItsPlace() {
		withPool("springs", (pool) -> {
			WeakReference<Object> value = new WeakReference<>(new Object());
			CountDownLatch release = new CountDownLatch(1);
			pool.execute(() -> Awaiting.until(release));
			Future<?> future = submit(pool, value.get(), () -> {
			});
			future.cancel(false);

			release.countDown();

			assertCollected(value);
			Reference.reachabilityFence(future);
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "full", "springsFull" })
	void taskThatWasRejectedFreesItsContext(String bean) {
		withPool(bean, (pool) -> {
			CountDownLatch release = new CountDownLatch(1);
			pool.execute(() -> Awaiting.until(release));
			WeakReference<Object> value = new WeakReference<>(new Object());

			assertThatExceptionOfType(RejectedExecutionException.class)
				.isThrownBy(() -> submit(pool, value.get(), () -> {
				}));

			assertCollected(value);
			release.countDown();
		});
	}

	@Test
	void taskThatWaitsKeepsItsContext() {
		withPool("plain", (pool) -> {
			WeakReference<Object> value = new WeakReference<>(new Object());
			CountDownLatch release = new CountDownLatch(1);
			submit(pool, value.get(), () -> Awaiting.until(release));

			System.gc();

			assertThat(value.get()).isNotNull();
			release.countDown();
		});
	}

	private static Future<?> submit(AsyncTaskExecutor pool, Object value, Runnable task) {
		return new Context().call(() -> {
			VALUE.set(value);
			return pool.submit(task);
		});
	}

	private static void assertCollected(WeakReference<?> reference) {
		Awaitility.await().until(() -> {
			System.gc();
			return reference.refersTo(null);
		});
	}

	private static void withPool(String bean, Use use) {
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class))
			.withUserConfiguration(Pools.class)
			.run((context) -> use.of((context.getBean(bean) instanceof AsyncTaskExecutor springs) ? springs
					: new TaskExecutorAdapter(context.getBean(bean, ExecutorService.class))));
	}

	@FunctionalInterface
	private interface Use {

		void of(AsyncTaskExecutor pool) throws Exception;

	}

	@Configuration(proxyBeanMethods = false)
	static class Pools {

		@Bean(destroyMethod = "shutdownNow")
		ExecutorService plain() {
			return Executors.newFixedThreadPool(1);
		}

		@Bean(destroyMethod = "shutdownNow")
		ExecutorService full() {
			return new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new SynchronousQueue<>());
		}

		@Bean
		ThreadPoolTaskExecutor springs() {
			return new ThreadPoolTaskExecutor();
		}

		@Bean
		ThreadPoolTaskExecutor springsFull() {
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setMaxPoolSize(1);
			executor.setQueueCapacity(0);
			return executor;
		}

		@Bean
		ThreadPoolTaskScheduler scheduler() {
			return new ThreadPoolTaskScheduler();
		}

	}

}

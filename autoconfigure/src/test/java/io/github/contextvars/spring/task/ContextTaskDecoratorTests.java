package io.github.contextvars.spring.task;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.aop.support.AopUtils;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.SchedulingAwareRunnable;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.config.CronTask;
import org.springframework.scheduling.support.ScheduledMethodRunnable;
import org.springframework.scheduling.support.TaskUtils;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.testing.ThreadContextProbe;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.testsupport.Hostile;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class ContextTaskDecoratorTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private final WorkRegistry live = WorkRegistry.tracking();

	private final ContextTaskDecorator decorator = new ContextTaskDecorator(this.live);

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withConfiguration(
			AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class,
					AopAutoConfiguration.class, TaskExecutionAutoConfiguration.class));

	@Test
	void decorateCapturesAtSubmission() {
		List<String> seen = new ArrayList<>();
		Context context = new Context();
		Runnable task = context.call(() -> {
			TENANT.set("acme");
			Runnable decorated = this.decorator.decorate(() -> seen.add(TENANT.get()));
			TENANT.set("later");
			return decorated;
		});

		new Context().run(task);

		assertThat(seen).containsExactly("acme");
	}

	@Test
	void runTwiceStartsFromTheSameValues() {
		List<String> seen = new ArrayList<>();
		Runnable task = new Context().call(() -> {
			TENANT.set("acme");
			return this.decorator.decorate(() -> {
				seen.add(TENANT.get());
				TENANT.set("changed");
			});
		});

		task.run();
		task.run();

		assertThat(seen).containsExactly("acme", "acme");
		assertThat(ThreadContextProbe.isInContext()).isFalse();
	}

	@Test
	void decoratedTaskWithErrorHandlerIsReturnedAsItIs() {
		Runnable decorated = this.decorator.decorate(() -> {
		});
		Runnable handled = TaskUtils.decorateTaskWithErrorHandler(decorated, null, true);

		assertThat(this.decorator.decorate(handled)).isSameAs(handled);
	}

	@Test
	void runOnManyThreadsAtOnceMixesNothing() throws Exception {
		CyclicBarrier barrier = new CyclicBarrier(8);
		List<String> seen = Collections.synchronizedList(new ArrayList<>());
		Runnable task = new Context().call(() -> {
			TENANT.set("acme");
			return this.decorator.decorate(() -> {
				String own = TENANT.get() + Thread.currentThread().getName();
				TENANT.set(own);
				await(barrier);
				seen.add(TENANT.get().equals(own) ? "own" : TENANT.get());
			});
		});
		ExecutorService pool = Executors.newFixedThreadPool(8);
		try {
			List<Future<?>> runs = new ArrayList<>();
			for (int i = 0; i < 8; i++) {
				runs.add(pool.submit(task));
			}
			for (Future<?> run : runs) {
				run.get(30, TimeUnit.SECONDS);
			}
		}
		finally {
			pool.shutdownNow();
		}

		assertThat(seen).hasSize(8).containsOnly("own");
		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void runWhenTaskFailsLeavesContext() {
		Runnable task = this.decorator.decorate(() -> {
			throw new IllegalStateException("planned");
		});

		assertThatExceptionOfType(IllegalStateException.class).isThrownBy(task::run);
		assertThat(ThreadContextProbe.isInContext()).isFalse();
		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void valueWhoseHashCodeFailsIsPropagated() {
		ContextVar<Object> hostile = ContextVar.of("hostile");
		Object value = new Hostile();
		this.runner.run((context) -> new Context().run(() -> {
			hostile.set(value);
			ThreadPoolTaskExecutor executor = context.getBean(ThreadPoolTaskExecutor.class);
			assertThat(CompletableFuture.supplyAsync(() -> hostile.get() == value, executor).join()).isTrue();
		}));
	}

	@Test
	void runIsListedWithItsSubmitterForParent() {
		List<UnitOfWork> seen = new ArrayList<>();
		UnitOfWork request = this.live.create(UnitOfWork.Kind.REQUEST, () -> "GET /", null, new Context());
		Runnable[] task = new Runnable[1];
		this.live.run(request, () -> task[0] = this.decorator.decorate(() -> seen.add(this.live.current())));

		task[0].run();

		assertThat(seen.get(0).kind()).isEqualTo(UnitOfWork.Kind.TASK);
		assertThat(seen.get(0).parent()).isEqualTo(request.id());
		assertThat(seen.get(0).origin()).isEqualTo("ContextTaskDecoratorTests");
	}

	@Test
	void scheduledRunIsListedAsItsMethod() throws Exception {
		List<UnitOfWork> seen = new ArrayList<>();
		class Jobs {

			@SuppressWarnings("unused")
			void clean() {
				seen.add(ContextTaskDecoratorTests.this.live.current());
			}

		}

		this.decorator.decorate(new ScheduledMethodRunnable(new Jobs(), Jobs.class.getDeclaredMethod("clean"))).run();

		assertThat(seen.get(0).kind()).isEqualTo(UnitOfWork.Kind.SCHEDULED);
		assertThat(seen.get(0).origin()).isEqualTo("ContextTaskDecoratorTests$1Jobs.clean");
	}

	@Test
	void scheduledRunWhoseToStringFailsIsListedAsItsClass() {
		List<UnitOfWork> seen = new ArrayList<>();
		class Job implements Runnable {

			@Override
			public void run() {
				seen.add(ContextTaskDecoratorTests.this.live.current());
			}

			@Override
			public String toString() {
				throw new IllegalStateException("planned");
			}

		}

		this.decorator.decorate(new CronTask(new Job(), "* * * * * *").getRunnable()).run();

		assertThat(seen.get(0).kind()).isEqualTo(UnitOfWork.Kind.SCHEDULED);
		assertThat(seen.get(0).origin())
			.isEqualTo("org.springframework.scheduling.config.Task$OutcomeTrackingRunnable");
	}

	@Test
	void decorateCallableCapturesAndReturnsTheResult() throws Exception {
		Callable<String> task = new Context().call(() -> {
			TENANT.set("acme");
			return this.decorator.decorateCallable(() -> TENANT.get() + " of " + this.live.current().kind());
		});

		assertThat(task.call()).isEqualTo("acme of task");
		assertThat(ThreadContextProbe.isInContext()).isFalse();
	}

	@Test
	void decoratedTaskSaysWhatTheTaskSays() {
		SchedulingAwareRunnable task = new SchedulingAwareRunnable() {

			@Override
			public void run() {
			}

			@Override
			public boolean isLongLived() {
				return true;
			}

			@Override
			public String getQualifier() {
				return "scheduler";
			}

			@Override
			public String toString() {
				return "task";
			}

		};

		Runnable decorated = this.decorator.decorate(task);
		Runnable plain = this.decorator.decorate(Context::new);

		assertThat(decorated).hasToString("task").isInstanceOf(SchedulingAwareRunnable.class);
		assertThat(((SchedulingAwareRunnable) decorated).isLongLived()).isTrue();
		assertThat(((SchedulingAwareRunnable) decorated).getQualifier()).isEqualTo("scheduler");
		assertThat(((SchedulingAwareRunnable) plain).isLongLived()).isFalse();
	}

	@Test
	void comparableTaskIsEqualToItselfOnly() {
		class Job implements Runnable, Comparable<Job> {

			@Override
			public void run() {
			}

			@Override
			public int compareTo(Job other) {
				return 0;
			}

		}
		Job job = new Job();

		Runnable first = this.decorator.decorate(job);
		Runnable second = this.decorator.decorate(job);

		assertThat(first).isEqualTo(first).isNotEqualTo(second);
		assertThat(first.hashCode()).isEqualTo(System.identityHashCode(first));
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void asyncMethodSeesSubmittersValuesAndKeepsItsOwn(Threading threading) {
		this.runner.withPropertyValues(threading.property(), "spring.task.execution.pool.core-size=1")
			.withUserConfiguration(AsyncConfiguration.class)
			.run((context) -> {
				WorkerProbe worker = context.getBean(WorkerProbe.class);
				assertThat(AopUtils.isAopProxy(worker)).isTrue();
				new Context().run(() -> {
					TENANT.set("acme");
					assertThat(worker.swap("changed").join()).isEqualTo("acme");
					assertThat(TENANT.get()).isEqualTo("acme");
					assertThat(worker.swap("changed").join()).isEqualTo("acme");
				});
				new Context().run(() -> assertThat(worker.swap("x").join()).isEqualTo("none"));
			});
	}

	@Test
	void threadOfExecutorHasNoContextAfterTasksOfAllEndings() {
		this.runner.withPropertyValues("spring.task.execution.pool.core-size=1").run((context) -> {
			ThreadPoolTaskExecutor executor = context.getBean(ThreadPoolTaskExecutor.class);
			new Context().run(() -> {
				TENANT.set("acme");
				executor.submit(() -> TENANT.set("changed"));
				assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> executor.submit(() -> {
					throw new IllegalStateException("planned");
				}).get());
			});
			// Behind the decorator's back, straight to the pool's one thread.
			FutureTask<Boolean> probe = new FutureTask<>(ThreadContextProbe::isInContext);
			executor.getThreadPoolExecutor().getQueue().add(probe);
			assertThat(probe.get(30, TimeUnit.SECONDS)).isFalse();
		});
	}

	@Test
	void usersDecoratorRunsInsideTheCopy() {
		this.runner.withUserConfiguration(DecoratorConfiguration.class).run((context) -> {
			List<String> seen = context.getBean(DecoratorConfiguration.class).seen;
			Executor executor = context.getBean("applicationTaskExecutor", Executor.class);
			new Context().run(() -> {
				TENANT.set("acme");
				CompletableFuture.runAsync(() -> seen.add("task " + TENANT.get()), executor).join();
			});
			assertThat(seen).containsExactly("before acme", "task acme set by decorator");
		});
	}

	private static void await(CyclicBarrier barrier) {
		try {
			barrier.await(30, TimeUnit.SECONDS);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	static class AsyncConfiguration {

		@Bean
		WorkerProbe worker() {
			return new WorkerProbe();
		}

	}

	static class WorkerProbe {

		@Async
		CompletableFuture<String> swap(String value) {
			String before = TENANT.get();
			TENANT.set(value);
			return CompletableFuture.completedFuture(before);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class DecoratorConfiguration {

		private final List<String> seen = Collections.synchronizedList(new ArrayList<>());

		@Bean
		TaskDecorator usersDecorator() {
			return (task) -> () -> {
				this.seen.add("before " + TENANT.get());
				TENANT.set(TENANT.get() + " set by decorator");
				task.run();
			};
		}

	}

}

package io.github.contextvars.spring.stress;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.servlet.support.SpringBootServletInitializer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.task.TaskExecutor;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextVariable;

/**
 * An application that a servlet container starts and stops, again and again.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@EnableAsync
@EnableScheduling
@Import({ RestartApplication.Pages.class, RestartApplication.WorkerProbe.class })
public class RestartApplication extends SpringBootServletInitializer {

	@Override
	protected SpringApplicationBuilder configure(SpringApplicationBuilder builder) {
		return builder.sources(RestartApplication.class)
			.properties("spring.main.banner-mode=off", "spring.main.log-startup-info=false",
					"management.endpoints.web.exposure.include=contextvars",
					// The first stays with the Logback that all applications share, the
					// second ends
					// with a task on a scheduler of Reactor's own.
					"spring.autoconfigure.exclude=org.springframework.boot.micrometer.metrics."
							+ "autoconfigure.logging.logback.LogbackMetricsAutoConfiguration,"
							+ "org.springframework.boot.http.client.autoconfigure.reactive."
							+ "ReactiveHttpClientAutoConfiguration");
	}

	@Bean
	ThreadPoolTaskExecutor taskExecutor() {
		ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor() {

			private static final long serialVersionUID = 1L;

			@Override
			public void shutdown() {
				super.shutdown();
				awaitDeath(getThreadGroup());
			}

		};
		executor.setAwaitTerminationSeconds(30);
		executor.setThreadGroupName("tasks");
		return executor;
	}

	@Bean
	ThreadPoolTaskScheduler taskScheduler() {
		ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler() {

			private static final long serialVersionUID = 1L;

			@Override
			public void shutdown() {
				super.shutdown();
				awaitDeath(getThreadGroup());
			}

		};
		scheduler.setAwaitTerminationSeconds(30);
		scheduler.setThreadGroupName("scheduled");
		return scheduler;
	}

	// A pool has ended a moment before its threads have.
	private static void awaitDeath(ThreadGroup group) {
		Thread[] threads = new Thread[16];
		try {
			for (int i = group.enumerate(threads) - 1; i >= 0; i--) {
				threads[i].join(30_000);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Uses a little of everything.
	 */
	public static class WorkerProbe {

		@ContextVariable(logged = true, observed = true)
		static final ContextVar<Value> VALUE = ContextVar.of("value");

		final AtomicInteger ticks = new AtomicInteger();

		@Async
		public CompletableFuture<String> work() {
			return CompletableFuture.completedFuture(VALUE.get().text());
		}

		@ContextScoped
		public void scoped() {
			VALUE.set(new Value("scoped"));
		}

		@Scheduled(fixedRate = 5)
		void tick() {
			VALUE.set(new Value("tick"));
			this.ticks.incrementAndGet();
		}

	}

	record Value(String text) {

	}

	@RestController
	static class Pages {

		// What Tomcat's leak check is there for.
		private static final ThreadLocal<Value> LEFT_BEHIND = new ThreadLocal<>();

		// Held: on JDK 17, one that is collected ends its thread.
		private static final ExecutorService LEFT_RUNNING = Executors.newSingleThreadExecutor();

		private final WorkerProbe worker;

		private final TaskExecutor executor;

		Pages(WorkerProbe worker, @Qualifier("taskExecutor") TaskExecutor executor) {
			this.worker = worker;
			this.executor = executor;
		}

		@GetMapping("/work")
		CompletableFuture<String> work() {
			WorkerProbe.VALUE.set(new Value("request"));
			this.worker.scoped();
			this.executor.execute(() -> WorkerProbe.VALUE.set(new Value("task")));
			return this.worker.work();
		}

		@GetMapping("/leak")
		String leak() {
			LEFT_BEHIND.set(new Value("left behind"));
			LEFT_RUNNING.execute(() -> {
			});
			return "left behind";
		}

	}

}

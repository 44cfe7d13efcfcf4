package io.github.contextvars.spring.docs;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.Supplier;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.task.ThreadPoolTaskExecutorBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.task.ContextTaskConfiguration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The code of docs/how-to/migrate-from-task-decorator.md, before, during and after.
 */
class TaskDecoratorMigrationTests {

	private final ExecutorService caller = Executors.newSingleThreadExecutor();

	@AfterEach
	void shutDown() {
		this.caller.shutdownNow();
	}

	@Test
	void before() {
		ThreadPoolTaskExecutor mail = new Before().mailExecutor();
		mail.initialize();
		ExecutorService reports = new Before().reports();

		try {
			Seen seen = onCaller(() -> submit(mail, reports));
			assertThat(seen).isEqualTo(new Seen("42", "42", null, null));
		}
		finally {
			mail.shutdown();
			reports.shutdownNow();
		}
	}

	@Test
	void during() {
		try (ConfigurableApplicationContext context = new AnnotationConfigApplicationContext(
				ContextTaskConfiguration.class, Before.class, Variables.class)) {
			ThreadPoolTaskExecutor mail = context.getBean("mailExecutor", ThreadPoolTaskExecutor.class);
			Supplier<String> task = () -> MDC.get("requestId") + " " + Variables.TENANT.get();

			String seen = onCaller(() -> CompletableFuture.supplyAsync(task, mail).join());

			assertThat(seen).isEqualTo("42 acme");
		}
	}

	@Test
	void after() {
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(After.class, Variables.class)
			.web(WebApplicationType.NONE)
			.properties("contextvars.thread-locals=mdc")
			.run()) {
			ThreadPoolTaskExecutor mail = context.getBean("mailExecutor", ThreadPoolTaskExecutor.class);
			ExecutorService reports = context.getBean("reports", ExecutorService.class);

			Seen seen = onCaller(() -> submit(mail, reports));

			assertThat(seen).isEqualTo(new Seen("42", "42", "42", "42"));
		}
	}

	private <T> T onCaller(Supplier<T> body) {
		return CompletableFuture.supplyAsync(() -> new Context().call(() -> {
			MDC.put("requestId", "42");
			Variables.TENANT.set("acme");
			try {
				return body.get();
			}
			finally {
				MDC.clear();
			}
		}), this.caller).join();
	}

	// The pool of mail has one thread, which is busy when the second task comes.
	private static Seen submit(ThreadPoolTaskExecutor mail, ExecutorService reports) {
		CountDownLatch submitted = new CountDownLatch(1);
		CompletableFuture<String> busy = CompletableFuture.supplyAsync(() -> {
			await(submitted);
			return MDC.get("requestId");
		}, mail);
		String report = CompletableFuture.supplyAsync(() -> MDC.get("requestId"), reports).join();
		String onCallersThread = CompletableFuture.supplyAsync(() -> MDC.get("requestId"), mail).join();
		String afterwards = MDC.get("requestId");
		submitted.countDown();
		return new Seen(busy.join(), onCallersThread, report, afterwards);
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private record Seen(String inTask, String inTaskOnCallersThread, String inReport, String onCallerAfterwards) {

	}

	static class Variables {

		// tag::decorator-after-variable[]
		@ContextVariable(description = "Whose data this request may touch", logged = true)
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		// end::decorator-after-variable[]

	}

	@Configuration(proxyBeanMethods = false)
	static class Before {

		// tag::decorator-before[]
		@Bean
		ThreadPoolTaskExecutor mailExecutor() {
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setMaxPoolSize(1);
			executor.setQueueCapacity(0);
			executor.setRejectedExecutionHandler(new ThreadPoolExecutor.CallerRunsPolicy());
			executor.setTaskDecorator(mdcDecorator());
			return executor;
		}

		private TaskDecorator mdcDecorator() {
			return (task) -> {
				Map<String, String> mdc = MDC.getCopyOfContextMap();
				return () -> {
					MDC.setContextMap(mdc);
					try {
						task.run();
					}
					finally {
						MDC.clear();
					}
				};
			};
		}

		@Bean
		ExecutorService reports() {
			return Executors.newFixedThreadPool(2);
		}
		// end::decorator-before[]

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class After {

		// tag::decorator-after[]
		@Bean
		ThreadPoolTaskExecutor mailExecutor(ThreadPoolTaskExecutorBuilder builder) {
			ThreadPoolTaskExecutor executor = builder.corePoolSize(1).maxPoolSize(1).queueCapacity(0).build();
			executor.setRejectedExecutionHandler(new ThreadPoolExecutor.CallerRunsPolicy());
			return executor;
		}
		// end::decorator-after[]

		@Bean
		ExecutorService reports() {
			return Executors.newFixedThreadPool(2);
		}

	}

}

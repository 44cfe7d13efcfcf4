package io.github.contextvars.spring.docs;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.task.ThreadPoolTaskExecutorBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.AsyncConfigurer;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextVar;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The examples of docs/how-to/custom-executor.md.
 */
class ExecutorExamplesTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "public");

	@Test
	void taskExecutorBean() {
		assertThat(tenantOfAsyncMethod(Mail.class)).isEqualTo("acme on mail-1");
	}

	@Test
	void taskExecutorBeanBesideBootsOwn() {
		assertThat(tenantOfAsyncMethod(Mail.class, "spring.task.execution.mode=force")).isEqualTo("acme on task-1");
	}

	@Test
	void executorServiceBean() {
		try (ConfigurableApplicationContext context = start(Reports.class)) {
			ExecutorService reports = context.getBean("reports", ExecutorService.class);
			new Context().run(() -> {
				TENANT.set("acme");
				assertThat(CompletableFuture.supplyAsync(TENANT::get, reports).join()).isEqualTo("acme");
			});
		}
	}

	@Test
	void asyncConfigurer() {
		assertThat(tenantOfAsyncMethod(AsyncConfiguration.class)).isEqualTo("acme on async-1");
	}

	@Test
	void taskDecoratorBean() {
		try (ConfigurableApplicationContext context = start(Counting.class)) {
			new Context().run(() -> {
				TENANT.set("acme");
				context.getBean(Worker.class).work().join();
			});
			assertThat(context.getBean(Counting.class).tasks).containsExactly(Map.entry("acme", 1));
		}
	}

	@Test
	void executorThatIsNoBean() {
		Client client = new Client();
		try {
			new Context().run(() -> {
				TENANT.set("acme");
				assertThat(CompletableFuture.supplyAsync(TENANT::get, client.executor).join()).isEqualTo("acme");
			});
		}
		finally {
			client.executor.shutdownNow();
		}
	}

	private static String tenantOfAsyncMethod(Class<?> configuration, String... properties) {
		try (ConfigurableApplicationContext context = start(configuration, properties)) {
			return new Context().call(() -> {
				TENANT.set("acme");
				return context.getBean(Worker.class).work().join();
			});
		}
	}

	private static ConfigurableApplicationContext start(Class<?> configuration, String... properties) {
		SpringApplication application = new SpringApplicationBuilder(configuration, Application.class)
			.web(WebApplicationType.NONE)
			.properties(properties)
			.build();
		return application.run();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import(Worker.class)
	static class Application {

	}

	static class Worker {

		@Async
		CompletableFuture<String> work() {
			return CompletableFuture.completedFuture(TENANT.get() + " on " + Thread.currentThread().getName());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Mail {

		// tag::executor-task[]
		@Bean
		ThreadPoolTaskExecutor mailExecutor(ThreadPoolTaskExecutorBuilder builder) {
			return builder.corePoolSize(4).threadNamePrefix("mail-").build();
		}
		// end::executor-task[]

	}

	@Configuration(proxyBeanMethods = false)
	static class Reports {

		// tag::executor-service[]
		@Bean
		ExecutorService reports() {
			return Executors.newFixedThreadPool(2);
		}
		// end::executor-service[]

	}

	// tag::executor-configurer[]
	@Configuration(proxyBeanMethods = false)
	static class AsyncConfiguration implements AsyncConfigurer {

		@Override
		public Executor getAsyncExecutor() {
			return new SimpleAsyncTaskExecutor("async-");
		}

	}
	// end::executor-configurer[]

	@Configuration(proxyBeanMethods = false)
	static class Counting {

		private final Map<String, Integer> tasks = new ConcurrentHashMap<>();

		// tag::executor-decorator[]
		@Bean
		TaskDecorator tasksOfTenants() {
			return (task) -> () -> {
				this.tasks.merge(TENANT.get(), 1, Integer::sum);
				task.run();
			};
		}
		// end::executor-decorator[]

	}

	static class Client {

		// tag::executor-wrapped[]
		private final ExecutorService executor = ContextExecutors.wrap(Executors.newFixedThreadPool(2));

		// end::executor-wrapped[]

	}

}

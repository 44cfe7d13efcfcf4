package io.github.contextvars.spring;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnJre;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.spring.autoconfigure.ContextTaskAutoConfiguration;
import io.github.contextvars.spring.autoconfigure.ContextVarsAutoConfiguration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Stages of a {@code CompletableFuture}, threads for one task each, and structured
 * concurrency.
 */
abstract class FutureRows {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextTaskAutoConfiguration.class,
				AopAutoConfiguration.class, TaskExecutionAutoConfiguration.class))
		.withPropertyValues("spring.task.execution.pool.core-size=1");

	@Test
	void supplyAsyncOnExecutorBean() {
		this.runner.run((context) -> {
			ThreadPoolTaskExecutor executor = context.getBean(ThreadPoolTaskExecutor.class);
			Worker worker = Worker.ofPool(executor.getThreadPoolExecutor());
			Rows.assertCarries(HandOver.of("supplyAsync", (body) -> CompletableFuture.supplyAsync(() -> {
				body.run();
				return "done";
			}, executor)), worker);
			Rows.assertCarries(HandOver.of("thenRunAsync on completed future",
					(body) -> CompletableFuture.completedFuture("").thenRunAsync(body, executor)), worker);
		});
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void laterStagesWithFixedContextAreTheSameWhoeverCompletes(boolean complete) {
		this.runner.run((context) -> {
			ThreadPoolTaskExecutor executor = context.getBean(ThreadPoolTaskExecutor.class);
			CompletableFuture<String> source = complete ? CompletableFuture.completedFuture("")
					: new CompletableFuture<>();
			CompletableFuture<List<String>> result = new Context().call(() -> {
				Rows.TENANT.set("acme");
				Executor fixed = ContextExecutors.fixed(executor, Context.copyOfCurrent());
				Rows.TENANT.set("later");
				return source.thenApplyAsync((nothing) -> List.of(Rows.swap()), fixed)
					.thenApplyAsync((seen) -> List.of(seen.get(0), Rows.swap()), fixed)
					.thenApplyAsync((seen) -> List.of(seen.get(0), seen.get(1), Rows.swap()), fixed);
			});
			Thread completer = new Thread(() -> new Context().run(() -> {
				Rows.TENANT.set("completer's");
				source.complete("");
			}));
			completer.start();
			completer.join();

			assertThat(result.get(30, TimeUnit.SECONDS)).containsExactly("acme, none", "acme, none", "acme, none");
			Worker.ofPool(executor.getThreadPoolExecutor()).assertClean();
		});
	}

	@Test
	void stagesOfFixedContextKeepAllPromisesOfRow() throws Exception {
		ExecutorService pool = Executors.newSingleThreadExecutor();
		try {
			Rows.assertCarries(
					HandOver.of("fixed",
							(body) -> CompletableFuture.runAsync(body,
									ContextExecutors.fixed((Executor) pool, Context.copyOfCurrent()))),
					Worker.ofPool(pool));
		}
		finally {
			pool.shutdown();
		}
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void threadPerTaskExecutorWithWrappedFactory() throws Exception {
		Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
		ThreadFactory virtual = (ThreadFactory) Class.forName("java.lang.Thread$Builder")
			.getMethod("factory")
			.invoke(builder);
		Worker.Threads threads = new Worker.Threads(virtual);
		ThreadFactory wrapped = ContextExecutors.wrap((ThreadFactory) threads);
		ExecutorService executor = (ExecutorService) Executors.class
			.getMethod("newThreadPerTaskExecutor", ThreadFactory.class)
			.invoke(null, wrapped);
		try {
			for (HandOver way : HandOver.allOf(executor)) {
				Rows.assertCarries(way, threads::joinAndAssertClean);
			}
		}
		finally {
			executor.shutdown();
		}
	}

	@Test
	@EnabledOnJre(JRE.JAVA_25)
	void structuredTaskScopeWithWrappedFactory() throws Exception {
		List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"--enable-preview", "--source", "25", "-cp",
				Path.of(Context.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString(),
				Path.of(FutureRows.class.getResource("/StructuredScopes.java").toURI()).toString());
		Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

		assertThat(process.waitFor()).as(output).isZero();
		assertThat(output).contains("first: acme, none", "second: acme, none", "nested: the task's, the task's",
				"owner: acme, none", "left: false");
	}

}
